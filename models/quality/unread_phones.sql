with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

phone_numbers as (
    select * from {{ source('landing', 'phone_numbers') }}
),

unread as (
    select
        contacts.source_system,
        contacts.phone
    from contacts
    left join phone_numbers
        on
            contacts.phone = phone_numbers.raw_phone
            and {{ phone_country('contacts.country_code') }} = phone_numbers.country_code
    where {{ has_phone('contacts.phone') }} and phone_numbers.raw_phone is null
)

select
    source_system,
    cast('python scripts/normalise_contacts.py' as varchar) as command_to_run,
    cast(count(*) as integer) as contact_count,
    cast(count(distinct phone) as integer) as phone_count
from unread
group by source_system
