-- Can be reached at an address of one kind and has none of the other that works: none was given, or messages to it came
-- back for good. Subject: the kind that is missing, email or phone.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'address_missing'
),

addresses as (
    select * from {{ ref('contact_addresses') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

known_kinds as (
    select
        profile_id,
        max(case when address_kind = 'email' and is_valid then 1 else 0 end) as emails,
        max(case when address_kind = 'phone' and is_valid then 1 else 0 end) as phones
    from addresses
    group by profile_id
)

select
    profiles.profile_id,
    'address_missing' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    case when known_kinds.emails = 0 then 'email' else 'phone' end as subject,
    '{}' as reason_parameters,
    '{}' as personalisation,
    cast(null as decimal(18, 2)) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from known_kinds
inner join profiles
    on known_kinds.profile_id = profiles.profile_id
cross join moment_windows
where known_kinds.emails <> known_kinds.phones
