with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

phone_numbers as (
    select * from {{ source('landing', 'phone_numbers') }}
),

judged as (
    select
        contacts.source_system,
        contacts.phone,
        case
            when phone_numbers.raw_phone is null then 'not_read_yet'
            when phone_numbers.e164 is null and phone_numbers.country_code = '' then 'no_country'
            when phone_numbers.e164 is null then 'no_number'
            when not phone_numbers.is_valid then 'not_in_numbering_plan'
        end as reason
    from contacts
    left join phone_numbers
        on
            contacts.phone = phone_numbers.raw_phone
            and {{ phone_country('contacts.country_code') }} = phone_numbers.country_code
    where {{ has_phone('contacts.phone') }}
)

select
    source_system,
    reason,
    cast(
        case when reason = 'not_read_yet' then 'python scripts/normalise_contacts.py' end as string
    ) as command_to_run,
    cast(count(*) as integer) as contact_count,
    cast(count(distinct phone) as integer) as phone_count
from judged
where reason is not null
group by
    source_system,
    reason
