{# read by some twenty models, and the key that most entities are held against: made once -#}
{{ config(materialized='table') }}

with

valid_contacts as (
    {{ valid_rows('contacts') | indent(4) }}
)

select
    source_system,
    contact_id,
    silo,
    {# an unreadable e-mail costs the e-mail, not the customer: docs/decisions/0003-reject-rows-not-customers.md -#}
    case when {{ is_readable_email('email') }} then email end as email,
    phone,
    email_verified_at,
    phone_verified_at,
    first_name,
    last_name,
    case
        when not {{ is_implausible_birth_date('birth_date', 'extracted_at') }} then birth_date
    end as birth_date,
    language_code,
    country_code,
    postal_code,
    city,
    street_address,
    loyalty_card_id,
    preferred_store_id,
    case when not {{ is_unknown_time_zone('time_zone') }} then time_zone end as time_zone,
    created_at,
    created_date,
    updated_at,
    extracted_at
from valid_contacts
