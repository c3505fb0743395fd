with

unreadable_noes as (
    select * from {{ ref('intake_unreadable_noes') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

words as (
    select * from {{ ref('contact_words') }}
),

erasure_requests as (
    select * from {{ ref('rejected_erasure_requests') }}
),

-- a no that names neither a record nor an address that anybody holds closes nobody: the retailer has to look; found by
-- its id alone where the row does not tell the system
closed_records as (
    select
        source_system,
        contact_id
    from words
    where word = 'unreadable'
    union
    select
        '' as source_system,
        contact_id
    from words
    where word = 'unreadable'
),

known_records as (
    select
        source_system,
        contact_id
    from contact_profiles
    union
    select
        '' as source_system,
        contact_id
    from contact_profiles
),

listed as (
    select
        unreadable_noes.entity,
        unreadable_noes.source_system,
        unreadable_noes.contact_id,
        unreadable_noes.message_id,
        coalesce(unreadable_noes.channel, '*') as channel,
        coalesce(unreadable_noes.purpose, '*') as purpose,
        unreadable_noes.has_readable_stamp,
        unreadable_noes.named_address_hash is not null as has_address,
        closed_records.contact_id is not null as is_record_known,
        unreadable_noes.said_at
    from unreadable_noes
    left join closed_records
        on
            unreadable_noes.contact_id = closed_records.contact_id
            and coalesce(unreadable_noes.source_system, '') = closed_records.source_system
    union
    select
        'erasure_requests' as entity,
        erasure_requests.source_system,
        erasure_requests.contact_id,
        cast(null as string) as message_id,
        '*' as channel,
        '*' as purpose,
        erasure_requests.requested_at is not null as has_readable_stamp,
        false as has_address,
        known_records.contact_id is not null as is_record_known,
        erasure_requests.requested_at as said_at
    from erasure_requests
    left join known_records
        on
            erasure_requests.contact_id = known_records.contact_id
            and coalesce(erasure_requests.source_system, '') = known_records.source_system
    where erasure_requests.reason <> 'duplicate_key'
)

select
    entity,
    source_system,
    contact_id,
    message_id,
    channel,
    purpose,
    has_readable_stamp,
    has_address,
    is_record_known,
    said_at
from listed
