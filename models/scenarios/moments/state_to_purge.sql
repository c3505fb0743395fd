-- Silent for so long that she is to be deleted: past the grace period, with no sign of life since the month was
-- published. Value: the days since she was due.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'to_purge'
),

silence_current as (
    select * from {{ ref('silence_current') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

due as (
    select
        silence_current.profile_id,
        silence_current.purge_due_date
    from silence_current
    inner join profiles
        on silence_current.profile_id = profiles.profile_id
    cross join moment_windows
    where
        silence_current.purge_due_date <= {{ as_of_date() }}
        and (
            profiles.last_contact_from_person_at is null
            or {{ local_date('profiles.last_contact_from_person_at') }}
            <= {{ month_end('silence_current.segment_month') }}
        )
)

select
    profile_id,
    'to_purge' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    cast(null as string) as subject,
    {{ json_object({'purge_due_date': 'purge_due_date'}) }} as reason_parameters,
    '{}' as personalisation,
    {{ days_between('purge_due_date', as_of_date()) }} as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from due
