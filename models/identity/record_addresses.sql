-- What a contact record can be reached by, and when that address bounced: at any date, so that a month end in the past
-- can be asked about as well as today.
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

contact_address_history as (
    select * from {{ ref('contact_address_history') }}
),

channels as (
    select * from {{ ref('channels') }}
),

messages as (
    select
        message_id,
        source_system,
        contact_id,
        channel,
        sent_at
    from {{ ref('intake_messages') }}
    union all
    -- of messages that share an id, each may be the one that bounced
    select
        message_id,
        source_system,
        contact_id,
        channel,
        sent_at
    from {{ ref('intake_shared_message_ids') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
),

unreadable_bounces as (
    select * from {{ ref('intake_unreadable_bounces') }}
),

unknown_record_addresses as (
    select * from {{ ref('unknown_record_addresses') }}
),

records as (
    select
        contacts.source_system,
        contacts.contact_id,
        {{ hash_id(['contacts.source_system', 'contacts.contact_id']) }} as contact_key,
        contact_profiles.profile_id,
        contacts.silo,
        contacts.postal_code,
        contacts.street_address,
        contacts.email_verified_at,
        contacts.phone_verified_at,
        contacts.created_at,
        coalesce(contacts.updated_at, contacts.created_at) as changed_at
    from contacts
    inner join contact_profiles
        on
            contacts.source_system = contact_profiles.source_system
            and contacts.contact_id = contact_profiles.contact_id
),

written_addresses as (
    select
        records.source_system,
        records.contact_id,
        records.profile_id,
        contact_identifiers.identifier_type as address_kind,
        contact_identifiers.identifier_id as address_id,
        case
            when contact_identifiers.is_over_shared then records.contact_key
            else contact_identifiers.identifier_id
        end as address_key,
        case
            when contact_identifiers.identifier_type = 'email' then records.email_verified_at
            else records.phone_verified_at
        end as verified_at,
        records.created_at,
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
        contact_key as address_key,
        changed_at as verified_at,
        created_at,
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
        contact_key as address_id,
        contact_key as address_key,
        cast(null as timestamp) as verified_at,
        created_at,
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

bounced_messages as (
    select
        messages.source_system,
        messages.contact_id,
        messages.channel,
        {{ answered_at('message_events.occurred_at', 'messages.sent_at') }} as occurred_at
    from message_events
    inner join messages
        on message_events.message_id = messages.message_id
    where message_events.event_type = 'bounced_hard'
    union all
    select
        source_system,
        contact_id,
        channel,
        occurred_at
    from unreadable_bounces
),

-- of a channel that reaches somebody in several ways nobody knows which one failed; its name as a rejected message may
-- have it
hard_bounces as (
    select
        bounced_messages.source_system,
        bounced_messages.contact_id,
        channels.address_kinds as address_kind,
        bounced_messages.occurred_at
    from bounced_messages
    inner join channels
        on
            lower(trim(bounced_messages.channel)) = channels.channel
            and channels.address_kinds not like '%>%'
),

-- A hard bounce says something about the address, whoever holds it: the one that the record holds, unless it was
-- changed since, and those that it was seen with before; of a record that is nobody's, all that it was seen with.
bounced_addresses as (
    select
        addresses.address_kind,
        addresses.address_id,
        hard_bounces.occurred_at
    from hard_bounces
    inner join addresses
        on
            hard_bounces.source_system = addresses.source_system
            and hard_bounces.contact_id = addresses.contact_id
            and hard_bounces.address_kind = addresses.address_kind
    where addresses.changed_at <= hard_bounces.occurred_at
    union all
    select
        hard_bounces.address_kind,
        contact_address_history.address_id,
        hard_bounces.occurred_at
    from hard_bounces
    inner join contact_address_history
        on
            hard_bounces.source_system = contact_address_history.source_system
            and hard_bounces.contact_id = contact_address_history.contact_id
            and hard_bounces.address_kind = contact_address_history.address_kind
            and contact_address_history.first_as_of_date <= {{ local_date('hard_bounces.occurred_at') }}
    union all
    select
        hard_bounces.address_kind,
        unknown_record_addresses.address_id,
        hard_bounces.occurred_at
    from hard_bounces
    inner join unknown_record_addresses
        on
            hard_bounces.source_system = unknown_record_addresses.source_system
            and hard_bounces.contact_id = unknown_record_addresses.contact_id
            and hard_bounces.address_kind = unknown_record_addresses.address_kind
),

-- a later verification takes a bounce back, until the next one
bounces as (
    select
        addresses.source_system,
        addresses.contact_id,
        addresses.address_kind,
        min(bounced_addresses.occurred_at) as first_bounced_at,
        min(
            case
                when bounced_addresses.occurred_at >= addresses.verified_at then bounced_addresses.occurred_at
            end
        ) as bounced_again_at
    from addresses
    inner join bounced_addresses
        on
            addresses.address_kind = bounced_addresses.address_kind
            and addresses.address_id = bounced_addresses.address_id
    group by
        addresses.source_system,
        addresses.contact_id,
        addresses.address_kind
)

select
    addresses.source_system,
    addresses.contact_id,
    addresses.profile_id,
    addresses.address_id,
    addresses.address_key,
    addresses.address_kind,
    addresses.verified_at,
    bounces.first_bounced_at,
    bounces.bounced_again_at,
    addresses.created_at,
    addresses.changed_at
from addresses
left join bounces
    on
        addresses.source_system = bounces.source_system
        and addresses.contact_id = bounces.contact_id
        and addresses.address_kind = bounces.address_kind
