{{ config(materialized='view') }}
-- The texts of a scenario that are valid on the day of sending: what it leads with when it has no offer, where it leads
-- to, and all other texts as one JSON object. A row for each step, variant of a step and language that has texts of its
-- own, and one for all other steps, and for everybody else. Of the texts for a key, the one of the person's language
-- comes before the one for everybody; within a language the one of the variant comes before the one of the step, and
-- that before the one for every step.
with

content_blocks as (
    select * from {{ ref('content_blocks') }}
),

valid_blocks as (
    select
        scenario_id,
        step,
        text_key,
        language_code,
        content_text
    from content_blocks
    where
        valid_from_date <= {{ send_date() }}
        and (valid_to_date is null or valid_to_date > {{ send_date() }})
),

steps as (
    select distinct
        scenario_id,
        step
    from valid_blocks
),

languages as (
    select distinct
        scenario_id,
        language_code
    from valid_blocks
),

ranked_texts as (
    select
        steps.scenario_id,
        steps.step,
        languages.language_code,
        valid_blocks.text_key,
        valid_blocks.content_text,
        row_number() over (
            partition by steps.scenario_id, steps.step, languages.language_code, valid_blocks.text_key
            order by
                case when valid_blocks.language_code = '*' then 1 else 0 end asc nulls last,
                case
                    when valid_blocks.step = steps.step then 0
                    when valid_blocks.step = '*' then 2
                    else 1
                end asc nulls last
        ) as place
    from steps
    inner join languages
        on steps.scenario_id = languages.scenario_id
    inner join valid_blocks
        on
            steps.scenario_id = valid_blocks.scenario_id
            and valid_blocks.step in (steps.step, split_part(steps.step, ':', 1), '*')
            and valid_blocks.language_code in (languages.language_code, '*')
),

keyed_texts as (
    select
        scenario_id,
        step,
        language_code,
        text_key,
        content_text,
        case when text_key not in ('lever', 'cta') then {{ json_pair('text_key', 'content_text') }} end as pair
    from ranked_texts
    where place = 1
)

select
    scenario_id,
    step,
    language_code,
    max(case when text_key = 'lever' then content_text end) as lever,
    max(case when text_key = 'cta' then content_text end) as cta,
    {{ dbt.concat(["'{'", "coalesce(" ~ sorted_list('pair') ~ ", '')", "'}'"]) }} as texts
from keyed_texts
group by
    scenario_id,
    step,
    language_code
