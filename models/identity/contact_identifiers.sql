with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
),

links as (
    select * from {{ ref('intake_identity_links') }}
),

email_addresses as (
    select * from {{ source('landing', 'email_addresses') }}
),

phone_numbers as (
    select * from {{ source('landing', 'phone_numbers') }}
),

emails as (
    select
        contacts.source_system,
        contacts.contact_id,
        cast('email' as string) as identifier_type,
        {{ spelled_email('contacts.email', 'email_addresses') }} as identifier_value
    from contacts
    left join email_addresses
        on contacts.email = email_addresses.raw_email
),

phones as (
    select
        contacts.source_system,
        contacts.contact_id,
        -- behind an extension is another person than behind the switchboard, and nobody can text or call them by a file
        case when phone_numbers.e164 like '%;ext=%' then 'phone_extension' else 'phone' end as identifier_type,
        phone_numbers.e164 as identifier_value
    from contacts
    inner join phone_numbers
        on
            contacts.phone = phone_numbers.raw_phone
            and {{ phone_country('contacts.country_code') }} = phone_numbers.country_code
    where phone_numbers.is_valid
),

loyalty_cards as (
    select
        source_system,
        contact_id,
        cast('loyalty_card' as string) as identifier_type,
        nullif(trim(loyalty_card_id), '') as identifier_value
    from contacts
),

sides as (
    select false as is_linked_side
    union all
    select true as is_linked_side
),

-- a link is an identifier that exactly its two contact records share
link_ends as (
    select
        case when sides.is_linked_side then links.linked_source_system else links.source_system end as source_system,
        case when sides.is_linked_side then links.linked_contact_id else links.contact_id end as contact_id,
        cast('identity_link' as string) as identifier_type,
        {{ hash_id([
            'links.source_system', 'links.contact_id', 'links.linked_source_system', 'links.linked_contact_id'
        ]) }} as identifier_value
    from links
    cross join sides
    where coalesce(links.link_type, 'same') = 'same'
),

identifiers as (
    select * from emails
    union all
    select * from phones
    union all
    select * from loyalty_cards
    union all
    select * from link_ends
),

-- a record linked to itself names its link twice
distinct_identifiers as (
    select distinct
        source_system,
        contact_id,
        identifier_type,
        identifier_value
    from identifiers
    where identifier_value is not null
),

keyed as (
    select
        distinct_identifiers.source_system,
        distinct_identifiers.contact_id,
        {{ hash_id([
            'distinct_identifiers.identifier_type', 'distinct_identifiers.identifier_value'
        ]) }} as identifier_id,
        distinct_identifiers.identifier_type,
        distinct_identifiers.identifier_value,
        contact_records.seniority
    from distinct_identifiers
    inner join contact_records
        on
            distinct_identifiers.source_system = contact_records.source_system
            and distinct_identifiers.contact_id = contact_records.contact_id
),

counted as (
    select
        *,
        cast(count(*) over (partition by identifier_id) as integer) as contact_count
    from keyed
)

select
    source_system,
    contact_id,
    identifier_id,
    identifier_type,
    identifier_value,
    seniority,
    contact_count,
    contact_count > {{ setting('identity_max_contacts_per_identifier') }} as is_over_shared
from counted
