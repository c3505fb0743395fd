-- Every scenario that writes to people has its words on the day of sending. Apart from the other seeds, because only
-- the audiences read texts: a test stops what depends on everything that it reads.
{{ config(meta={'reason_column': 'reason'}) }}

with

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
),

scenario_step_variants as (
    select * from {{ ref('scenario_step_variants') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

content_blocks as (
    select * from {{ ref('content_blocks') }}
),

-- what may have words of its own: a step, and a variant of one
worded as (
    select
        scenario_id,
        step
    from scenario_steps
    union distinct
    select
        scenario_id,
        {{ dbt.concat(['step', "':'", 'variant']) }} as step
    from scenario_step_variants
),

-- what a moment lets a message say
moment_texts as (
    {% set texts = [] -%}
    {%- for moment, keys in moment_texts().items() -%}
        {%- for key in keys -%}
            {%- do texts.append([moment, key]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ literal_rows(['moment', 'text_key'], texts) }}
),

taken_keys as (
    select
        scenario_moments.scenario_id,
        moment_texts.text_key,
        {{ sorted_list('moment_texts.moment') }} as moments
    from scenario_moments
    inner join moment_texts
        on scenario_moments.moment = moment_texts.moment
    group by
        scenario_moments.scenario_id,
        moment_texts.text_key
),

texts as (
    select
        content_blocks.*,
        taken_keys.moments,
        scenarios.scenario_id is not null as has_scenario,
        content_blocks.step = '*' or worded.step is not null as has_step,
        lag(coalesce(content_blocks.valid_to_date, cast('9999-12-31' as date))) over (
            partition by
                content_blocks.scenario_id, content_blocks.step, content_blocks.text_key, content_blocks.language_code
            order by content_blocks.valid_from_date asc nulls first, content_blocks.content_text asc nulls first
        ) as ends_before_date
    from content_blocks
    left join scenarios
        on content_blocks.scenario_id = scenarios.scenario_id
    left join worded
        on
            content_blocks.scenario_id = worded.scenario_id
            and content_blocks.step = worded.step
    left join taken_keys
        on
            content_blocks.scenario_id = taken_keys.scenario_id
            and content_blocks.text_key = taken_keys.text_key
),

wrong_texts as (
    {{ seed_findings('content_blocks', ['scenario_id', 'step', 'text_key'], [
        ("not has_scenario", "there is no scenario {scenario_id}: add its row to scenarios or take this one out."),
        (
            "has_scenario and not coalesce(has_step, false)",
            "step is {step}, and {scenario_id} has no such step: name one of its rows in scenario_steps, "
            ~ "<step>:<variant> of one in scenario_step_variants, or write * for every step.",
        ),
        (
            "not " ~ regex_like("coalesce(text_key, '')", '^[a-z][a-z0-9_]*$'),
            "text_key is {text_key}: write small letters, digits and underscores, such as headline.",
        ),
        (
            "text_key in ('objective', 'offer_amount')",
            "text_key is {text_key}, which the message gets from its scenario and its offer: choose another.",
        ),
        (
            "moments is not null",
            "text_key is {text_key}, which the message gets from what it is about ({moments}): choose another.",
        ),
        (
            "not " ~ regex_like("coalesce(language_code, '')", '^([a-z][a-z]|[*])$'),
            "language_code is {language_code}: write two small letters, such as nl, or * for everybody else.",
        ),
        ("content_text is null", "content_text is missing: write the text, or take the row out."),
        ("valid_from_date is null", "valid_from_date is missing: write the first day of sending, such as 2024-01-01."),
        (
            "valid_to_date <= valid_from_date",
            "it ends ({valid_to_date}) before it begins ({valid_from_date}): mend one of the dates.",
        ),
        (
            "valid_from_date < ends_before_date",
            "two texts of the key are valid on {valid_from_date}: let one end before the other begins.",
        ),
    ], relation='texts') }}
),

valid_texts as (
    select *
    from content_blocks
    where
        valid_from_date <= {{ send_date() }}
        and (valid_to_date is null or valid_to_date > {{ send_date() }})
),

-- A person's language comes before her step: where a text for every step is in her language and that of the step is
-- not, she would read what is said to the other steps.
step_texts as (
    select distinct
        scenario_id,
        step,
        text_key
    from valid_texts
    where step <> '*'
),

compared_languages as (
    select
        step_texts.scenario_id,
        step_texts.step,
        step_texts.text_key,
        texts_for_every_step.language_code,
        texts_for_the_step.step is not null as has_text
    from step_texts
    inner join valid_texts as texts_for_every_step
        on
            step_texts.scenario_id = texts_for_every_step.scenario_id
            and step_texts.text_key = texts_for_every_step.text_key
            and texts_for_every_step.step = '*'
    left join valid_texts as texts_for_the_step
        on
            step_texts.scenario_id = texts_for_the_step.scenario_id
            and step_texts.step = texts_for_the_step.step
            and step_texts.text_key = texts_for_the_step.text_key
            and texts_for_every_step.language_code = texts_for_the_step.language_code
),

untranslated_texts as (
    {{ seed_findings('content_blocks', ['scenario_id', 'step', 'text_key'], [
        (
            "not has_text",
            "on the day of sending the step has no text of its own in language_code {language_code}, in which there "
            ~ "is one for every step: add it.",
        ),
    ], relation='compared_languages') }}
),

leading_texts as (
    select
        scenario_id,
        max(case when text_key = 'lever' then 1 else 0 end) as levers,
        max(case when text_key = 'cta' then 1 else 0 end) as ctas
    from valid_texts
    where
        step = '*'
        and language_code = '*'
    group by scenario_id
),

talking_scenarios as (
    select
        scenarios.scenario_id,
        coalesce(leading_texts.levers, 0) as levers,
        coalesce(leading_texts.ctas, 0) as ctas
    from scenarios
    left join leading_texts
        on scenarios.scenario_id = leading_texts.scenario_id
    where
        scenarios.is_enabled
        and scenarios.kind <> 'hygiene'
        and (scenarios.starts_date is null or scenarios.starts_date <= {{ as_of_date() }})
        and (scenarios.ends_date is null or scenarios.ends_date >= {{ as_of_date() }})
),

silent_scenarios as (
    {{ seed_findings('content_blocks', ['scenario_id'], [
        (
            "levers = 0",
            "it has no lever on the day of sending: add what the message leads with when it has no offer, such as "
            ~ "service.",
        ),
        ("ctas = 0", "it has no cta on the day of sending: add where the message leads to, such as discover."),
    ], relation='talking_scenarios') }}
)

select reason from wrong_texts
union all
select reason from untranslated_texts
union all
select reason from silent_scenarios
