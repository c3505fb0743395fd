{{ config(materialized='view') }}

with

named_texts as (
    select * from {{ ref('intake_named_texts') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

email_addresses as (
    select * from {{ source('landing', 'email_addresses') }}
),

phone_numbers as (
    select * from {{ source('landing', 'phone_numbers') }}
),

emails as (
    select
        named_texts.source_system,
        named_texts.contact_id,
        named_texts.address,
        cast('email' as string) as identifier_type,
        {{ spelled_email('named_texts.address', 'email_addresses') }} as identifier_value
    from named_texts
    left join email_addresses
        on named_texts.address = email_addresses.raw_email
    where
        not {{ is_plain_email('named_texts.address') }}
        or {{ is_readable_email('named_texts.address') }}
),

-- a phone is read as the record's own: with the record's country, else the default one; of a record that nobody knows
-- with every country that somebody has read it with
phones as (
    select
        named_texts.source_system,
        named_texts.contact_id,
        named_texts.address,
        cast('phone' as string) as identifier_type,
        phone_numbers.e164 as identifier_value
    from named_texts
    left join contacts
        on
            named_texts.source_system = contacts.source_system
            and named_texts.contact_id = contacts.contact_id
    inner join phone_numbers
        on named_texts.address = phone_numbers.raw_phone
    where
        (
            contacts.contact_id is null
            or {{ phone_country('contacts.country_code') }} = phone_numbers.country_code
        )
        and phone_numbers.is_valid
        and phone_numbers.e164 not like '%;ext=%'
),

-- one number may read alike with two countries
addresses as (
    select * from emails
    union all
    select * from phones
)

select distinct
    source_system,
    contact_id,
    address,
    {{ hash_id(['identifier_type', 'identifier_value']) }} as identifier_id,
    identifier_type,
    identifier_value
from addresses
where identifier_value is not null
