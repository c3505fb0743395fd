{{ config(schema='hub_private', access='protected', tags=['pii']) }}
-- What address_permissions says of the addresses that exist as of the date, and in which order they would be taken.
with

address_permissions as (
    select * from {{ ref('address_permissions') }}
),

contact_addresses as (
    select * from {{ ref('contact_addresses') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
),

email_addresses as (
    select * from {{ source('landing', 'email_addresses') }}
),

phone_numbers as (
    select * from {{ source('landing', 'phone_numbers') }}
),

channels as (
    select * from {{ ref('channels') }}
),

permissions as (
    select *
    from address_permissions
    where {{ holds_as_of('valid_from', 'valid_to') }}
),

declarations as (
    select
        contact_profiles.profile_id,
        case when preferences.preference_type = 'preferred_email' then 'email' else 'phone' end as address_kind,
        case
            when preferences.preference_type = 'preferred_email'
                then {{ spelled_email('preferences.preference_value', 'email_addresses') }}
            else phone_numbers.e164
        end as address,
        row_number() over (
            partition by contact_profiles.profile_id, preferences.preference_type
            order by preferences.declared_at desc nulls last, preferences.preference_value asc nulls last
        ) as newness
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
    where
        preferences.preference_type in ('preferred_email', 'preferred_phone')
        and {{ happened_by('preferences.declared_at') }}
),

-- the address that the person asked to be reached at, as long as a record of the person holds it
declared_addresses as (
    select distinct
        declarations.profile_id,
        declarations.address_kind,
        contact_identifiers.identifier_id
    from declarations
    inner join contact_profiles
        on declarations.profile_id = contact_profiles.profile_id
    inner join contact_identifiers
        on
            contact_profiles.source_system = contact_identifiers.source_system
            and contact_profiles.contact_id = contact_identifiers.contact_id
            and declarations.address_kind = contact_identifiers.identifier_type
            and declarations.address = contact_identifiers.identifier_value
    where declarations.newness = 1
),

judged_addresses as (
    select
        contact_addresses.profile_id,
        permissions.channel,
        permissions.purpose,
        contact_addresses.address_kind,
        contact_addresses.source_system,
        contact_addresses.contact_id,
        contact_addresses.is_valid,
        permissions.is_consented,
        permissions.is_open,
        permissions.closed_by,
        declared_addresses.identifier_id is not null as is_declared,
        permissions.granted_at,
        contact_addresses.verified_at,
        contact_addresses.changed_at
    from contact_addresses
    inner join channels
        on {{ list_holds('channels.address_kinds', 'contact_addresses.address_kind') }}
    inner join permissions
        on
            contact_addresses.profile_id = permissions.profile_id
            and contact_addresses.address_key = permissions.address_key
            and channels.channel = permissions.channel
    left join declared_addresses
        on
            contact_addresses.profile_id = declared_addresses.profile_id
            and contact_addresses.address_kind = declared_addresses.address_kind
            and contact_addresses.address_id = declared_addresses.identifier_id
)

select
    profile_id,
    channel,
    purpose,
    address_kind,
    source_system,
    contact_id,
    closed_by,
    is_valid,
    is_consented,
    is_open,
    -- open before closed and working before bounced; then the declared one, the newest verified, the newest record; the
    -- ids only make the choice repeatable
    row_number() over (
        partition by profile_id, channel, purpose, address_kind
        order by
            case when is_open then 0 else 1 end asc nulls last,
            case when is_valid then 0 else 1 end asc nulls last,
            case when is_declared then 0 else 1 end asc nulls last,
            verified_at desc nulls last,
            changed_at desc nulls last,
            source_system asc nulls last,
            contact_id asc nulls last
    ) as preference,
    granted_at
from judged_addresses
