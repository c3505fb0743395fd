{# read by some twenty models, and the key that most entities are held against: made once -#}
{{ config(materialized='table') }}

with

valid_contacts as (
    {{ valid_rows('contacts') | indent(4) }}
),

email_addresses as (
    select * from {{ source('landing', 'email_addresses') }}
)

select
    valid_contacts.source_system,
    valid_contacts.contact_id,
    valid_contacts.silo,
    {# an unreadable e-mail costs the e-mail, not the customer: docs/decisions/0003-reject-rows-not-customers.md -#}
    case
        when {{ is_plain_email('valid_contacts.email') }}
            then case when {{ is_readable_email('valid_contacts.email') }} then valid_contacts.email end
        when coalesce(email_addresses.is_valid, true) then valid_contacts.email
    end as email,
    valid_contacts.phone,
    valid_contacts.email_verified_at,
    valid_contacts.phone_verified_at,
    valid_contacts.first_name,
    valid_contacts.last_name,
    case
        when not {{ is_implausible_birth_date('valid_contacts.birth_date', 'valid_contacts.extracted_at') }}
            then valid_contacts.birth_date
    end as birth_date,
    valid_contacts.language_code,
    valid_contacts.country_code,
    valid_contacts.postal_code,
    valid_contacts.city,
    valid_contacts.street_address,
    valid_contacts.loyalty_card_id,
    valid_contacts.preferred_store_id,
    case
        when not {{ is_unknown_time_zone('valid_contacts.time_zone') }} then valid_contacts.time_zone
    end as time_zone,
    valid_contacts.created_at,
    valid_contacts.created_date,
    valid_contacts.updated_at,
    valid_contacts.extracted_at
from valid_contacts
left join email_addresses
    on valid_contacts.email = email_addresses.raw_email
