{{ config(materialized='view') }}
-- The texts of a scenario that are valid on the day of sending, one row per scenario: what it leads with when it has no
-- offer, where it leads to, and all other texts as one JSON object.
with

content_blocks as (
    select * from {{ ref('content_blocks') }}
),

valid_blocks as (
    select
        scenario_id,
        text_key,
        content_text
    from content_blocks
    where
        valid_from_date <= {{ send_date() }}
        and (valid_to_date is null or valid_to_date > {{ send_date() }})
),

keyed_texts as (
    select
        scenario_id,
        text_key,
        content_text,
        case when text_key not in ('lever', 'cta') then {{ json_pair('text_key', 'content_text') }} end as pair
    from valid_blocks
)

select
    scenario_id,
    max(case when text_key = 'lever' then content_text end) as lever,
    max(case when text_key = 'cta' then content_text end) as cta,
    {{ dbt.concat(["'{'", "coalesce(" ~ sorted_list('pair') ~ ", '')", "'}'"]) }} as texts
from keyed_texts
group by scenario_id
