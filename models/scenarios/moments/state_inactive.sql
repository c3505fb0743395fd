-- Silent on every channel for `tier_dormant_months` or more when the month began, and no sign of life since; whoever
-- never showed one is silent since she is known. Subject: the tier; value: days since the last sign of life, null when
-- there never was one.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'inactive'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

last_contacts as (
    select
        profile_id,
        rfm_segment,
        created_month,
        {{ local_date('last_contact_from_person_at') }} as last_contact_date
    from profiles
),

tiers as (
    select
        profile_id,
        rfm_segment,
        last_contact_date,
        {{ engagement_tier('coalesce(last_contact_date, created_month)', month_start(as_of_date())) }}
            as engagement_tier
    from last_contacts
)

select
    tiers.profile_id,
    'inactive' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    tiers.engagement_tier as subject,
    {{ json_object({'rfm_segment': 'tiers.rfm_segment'}) }} as reason_parameters,
    '{}' as personalisation,
    {{ days_between('tiers.last_contact_date', month_start(as_of_date())) }} as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from tiers
cross join moment_windows
where tiers.engagement_tier <> 'active'
