with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

email_addresses as (
    select * from {{ source('landing', 'email_addresses') }}
),

unread as (
    select
        contacts.source_system,
        contacts.email
    from contacts
    left join email_addresses
        on contacts.email = email_addresses.raw_email
    where
        contacts.email is not null
        and not {{ is_plain_email('contacts.email') }}
        and email_addresses.raw_email is null
)

select
    source_system,
    cast('python scripts/normalise_contacts.py' as string) as command_to_run,
    cast(count(*) as integer) as contact_count,
    cast(count(distinct email) as integer) as email_count
from unread
group by source_system
