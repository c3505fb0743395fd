-- Silent on every channel for `tier_dormant_months` or more at the end of the newest closed month, and no sign of life
-- since, nor one that the month did not know of. Subject: the tier; value: days since the last sign of life, null when
-- there never was one.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'inactive'
),

silence_current as (
    select * from {{ ref('silence_current') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

silent as (
    select
        silence_current.profile_id,
        silence_current.engagement_tier,
        silence_current.last_contact_date,
        profiles.rfm_segment
    from silence_current
    inner join profiles
        on silence_current.profile_id = profiles.profile_id
    where
        silence_current.engagement_tier <> 'active'
        and (
            profiles.last_contact_from_person_at is null
            or {{ local_date('profiles.last_contact_from_person_at') }} <= silence_current.last_contact_date
        )
)

select
    silent.profile_id,
    'inactive' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    silent.engagement_tier as subject,
    {{ json_object({'rfm_segment': 'silent.rfm_segment'}) }} as reason_parameters,
    '{}' as personalisation,
    {{ days_between('silent.last_contact_date', month_start(as_of_date())) }} as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from silent
cross join moment_windows
