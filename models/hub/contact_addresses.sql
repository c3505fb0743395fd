{{ config(schema='hub_private', access='protected', tags=['pii']) }}

with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
),

records as (
    select
        contacts.source_system,
        contacts.contact_id,
        contact_profiles.profile_id,
        contacts.silo,
        contacts.postal_code,
        contacts.street_address,
        contacts.email_verified_at,
        contacts.phone_verified_at,
        coalesce(contacts.updated_at, contacts.created_at) as changed_at
    from contacts
    inner join contact_profiles
        on
            contacts.source_system = contact_profiles.source_system
            and contacts.contact_id = contact_profiles.contact_id
    where {{ happened_by('contacts.created_at') }}
),

written_addresses as (
    select
        records.source_system,
        records.contact_id,
        records.profile_id,
        contact_identifiers.identifier_type as address_kind,
        contact_identifiers.identifier_id as address_id,
        case
            when contact_identifiers.identifier_type = 'email' then records.email_verified_at
            else records.phone_verified_at
        end as verified_at,
        records.changed_at
    from records
    inner join contact_identifiers
        on
            records.source_system = contact_identifiers.source_system
            and records.contact_id = contact_identifiers.contact_id
    where contact_identifiers.identifier_type in ('email', 'phone')
),

-- nobody verifies a postal address; one changed after a returned letter is given the benefit of the doubt
postal_addresses as (
    select
        source_system,
        contact_id,
        profile_id,
        'post' as address_kind,
        {{ hash_id(['street_address', 'postal_code']) }} as address_id,
        changed_at as verified_at,
        changed_at
    from records
    where
        street_address is not null
        and postal_code is not null
),

-- a push message needs no address of ours: having the app is enough
app_addresses as (
    select
        source_system,
        contact_id,
        profile_id,
        'app' as address_kind,
        cast(null as varchar) as address_id,
        cast(null as timestamp) as verified_at,
        changed_at
    from records
    where silo = 'app'
),

addresses as (
    select * from written_addresses
    union all
    select * from postal_addresses
    union all
    select * from app_addresses
),

hard_bounces as (
    select
        messages.source_system,
        messages.contact_id,
        case
            when messages.channel = 'email' then 'email'
            when messages.channel in ('sms', 'phone') then 'phone'
            when messages.channel = 'post' then 'post'
        end as address_kind,
        message_events.occurred_at
    from message_events
    inner join messages
        on message_events.message_id = messages.message_id
    where
        message_events.event_type = 'bounced_hard'
        and {{ happened_by('message_events.occurred_at') }}
),

-- a hard bounce says something about the address, whichever record it was taken from
bounced_addresses as (
    select
        addresses.address_id,
        addresses.address_kind,
        max(hard_bounces.occurred_at) as bounced_at
    from hard_bounces
    inner join addresses
        on
            hard_bounces.source_system = addresses.source_system
            and hard_bounces.contact_id = addresses.contact_id
            and hard_bounces.address_kind = addresses.address_kind
    group by addresses.address_kind, addresses.address_id
),

known_addresses as (
    select
        addresses.source_system,
        addresses.contact_id,
        addresses.profile_id,
        addresses.address_id,
        addresses.address_kind,
        bounced_addresses.bounced_at is null
        or coalesce(
            addresses.verified_at > bounced_addresses.bounced_at and {{ happened_by('addresses.verified_at') }},
            false
        ) as is_valid,
        case when {{ happened_by('addresses.verified_at') }} then addresses.verified_at end as verified_at,
        addresses.changed_at
    from addresses
    left join bounced_addresses
        on
            addresses.address_kind = bounced_addresses.address_kind
            and addresses.address_id = bounced_addresses.address_id
)

select
    source_system,
    contact_id,
    profile_id,
    address_id,
    address_kind,
    is_valid,
    verified_at,
    changed_at
from known_addresses
