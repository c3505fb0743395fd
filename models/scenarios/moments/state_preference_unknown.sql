-- Nobody knows what she would like to hear, or what is known does not seem to please. Subject, the first that is so:
-- `silent` (no sign of life for `tier_dormant_months`), `no_response` (answers none of her messages),
-- `nothing_declared`.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'preference_unknown'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

silence_current as (
    select * from {{ ref('silence_current') }}
),

judged as (
    select
        profiles.profile_id,
        case
            when silence_current.engagement_tier <> 'active' then 'silent'
            when silence_current.no_response_date is not null then 'no_response'
            when
                profiles.declared_interests is null
                and profiles.preferred_channel is null
                and profiles.max_messages_30_days is null
                then 'nothing_declared'
        end as subject
    from profiles
    cross join moment_windows
    left join silence_current
        on profiles.profile_id = silence_current.profile_id
)

select
    profile_id,
    'preference_unknown' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    subject,
    {{ json_object({'subject': 'subject'}) }} as reason_parameters,
    '{}' as personalisation,
    cast(null as decimal(18, 2)) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from judged
where subject is not null
