{{ config(materialized='view') }}
-- The addresses that people asked to be reached at, as far as a record of theirs holds them.
with

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
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

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

-- read as the addresses of contact records are
declarations as (
    select
        contact_profiles.profile_id,
        case when preferences.preference_type = 'preferred_email' then 'email' else 'phone' end as address_kind,
        case
            when preferences.preference_type = 'preferred_email'
                then {{ spelled_email('preferences.preference_value', 'email_addresses') }}
            else phone_numbers.e164
        end as address,
        preferences.declared_at
    from preferences
    inner join contact_profiles
        on
            preferences.source_system = contact_profiles.source_system
            and preferences.contact_id = contact_profiles.contact_id
    inner join contacts
        on
            preferences.source_system = contacts.source_system
            and preferences.contact_id = contacts.contact_id
    left join email_addresses
        on preferences.preference_value = email_addresses.raw_email
    left join phone_numbers
        on
            preferences.preference_value = phone_numbers.raw_phone
            and {{ phone_country('contacts.country_code') }} = phone_numbers.country_code
    where preferences.preference_type in ('preferred_email', 'preferred_phone')
),

held_addresses as (
    select distinct
        contact_profiles.profile_id,
        contact_identifiers.identifier_type,
        contact_identifiers.identifier_id,
        contact_identifiers.identifier_value
    from contact_identifiers
    inner join contact_profiles
        on
            contact_identifiers.source_system = contact_profiles.source_system
            and contact_identifiers.contact_id = contact_profiles.contact_id
)

select
    declarations.profile_id,
    declarations.address_kind,
    -- of two that were declared at one instant the one that sorts first
    min(held_addresses.identifier_id) as identifier_id,
    declarations.declared_at
from declarations
left join held_addresses
    on
        declarations.profile_id = held_addresses.profile_id
        and declarations.address_kind = held_addresses.identifier_type
        and declarations.address = held_addresses.identifier_value
group by
    declarations.profile_id,
    declarations.address_kind,
    declarations.declared_at
