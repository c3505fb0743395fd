-- Silent for a year or more on every channel, but ads are allowed: held by ad platforms as long as the silence lasts.
with

scenario as (
    select *
    from {{ ref('scenarios') }}
    where scenario_id = 'media_reactivation'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

content_blocks as (
    select * from {{ ref('scenario_content') }}
),

-- a mirror of the month: whoever shows a sign of life is not in it any more
silent_profiles as (
    select
        profiles.profile_id,
        profiles.rfm_segment,
        {{ month_start(as_of_date()) }} as month_date
    from profiles
    inner join scenario
        on {{ is_open_trigger(month_start(as_of_date()), 'scenario') }}
    where
        profiles.has_ads_consent
        and (
            profiles.last_contact_from_person_at is null
            or cast(profiles.last_contact_from_person_at as date)
            <= {{ add_months(month_start(as_of_date()), '-' ~ setting('tier_dormant_months')) }}
        )
)

select
    'media_reactivation' as scenario_id,
    silent_profiles.profile_id,
    cast(silent_profiles.month_date as varchar) as entry_key,
    cast(silent_profiles.month_date as varchar) as trigger_reference,
    'silent_for_long' as reason_code,
    {{ json_object({'rfm_segment': 'silent_profiles.rfm_segment'}) }} as reason_parameters,
    cast(null as varchar) as offer_type,
    cast(null as varchar) as offer_id,
    {{ json_object({
        'objective': 'scenario.objective',
        'lever': "'contest'",
        'cta': "'take_part'",
        'headline': 'content_blocks.headline',
    }) }} as content,
    cast(null as decimal(18, 2)) as offer_amount,
    cast(null as decimal(18, 2)) as expected_value_amount,
    silent_profiles.month_date as triggered_date,
    {{ local_to_utc('cast(silent_profiles.month_date as timestamp)') }} as triggered_at
from silent_profiles
cross join scenario
left join content_blocks
    on scenario.scenario_id = content_blocks.scenario_id
