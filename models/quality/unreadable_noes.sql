with

unreadable_noes as (
    select * from {{ ref('intake_unreadable_noes') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

unknown_record_people as (
    select * from {{ ref('unknown_record_people') }}
),

unknown_record_addresses as (
    select * from {{ ref('unknown_record_addresses') }}
),

words as (
    select * from {{ ref('contact_words') }}
),

erasure_requests as (
    select * from {{ ref('rejected_erasure_requests') }}
),

-- a no that names neither a record nor an address that anybody holds closes nobody: the retailer has to look; one of a
-- record that is gone, or that intake does not keep, may be a person's all the same
heard_records as (
    select
        source_system,
        contact_id
    from words
    where word = 'unreadable'
    union
    select
        source_system,
        contact_id
    from unknown_record_people
),

-- one row per row that was delivered, also where it may have meant another spelling of its ids, or closes by addresses
listed_noes as (
    select
        unreadable_noes.entity,
        unreadable_noes.written_system as source_system,
        unreadable_noes.written_contact_id as contact_id,
        unreadable_noes.message_id,
        coalesce(unreadable_noes.channel, '*') as channel,
        coalesce(unreadable_noes.purpose, '*') as purpose,
        unreadable_noes.has_readable_stamp,
        max(case when unreadable_noes.named_address_hash is not null then 1 else 0 end) = 1 as has_address,
        max(case when heard_records.contact_id is not null then 1 else 0 end) = 1 as is_record_known,
        unreadable_noes.said_at
    from unreadable_noes
    left join heard_records
        on
            unreadable_noes.contact_id = heard_records.contact_id
            and {{ may_be_one_system('unreadable_noes.source_system', 'heard_records.source_system') }}
    where unreadable_noes.entity <> 'erasure_requests'
    group by
        unreadable_noes.entity,
        unreadable_noes.written_system,
        unreadable_noes.written_contact_id,
        unreadable_noes.message_id,
        coalesce(unreadable_noes.channel, '*'),
        coalesce(unreadable_noes.purpose, '*'),
        unreadable_noes.has_readable_stamp,
        unreadable_noes.said_at
),

-- of a record that was rejected itself
requests_with_address as (
    select distinct
        written_contact_id as contact_id,
        coalesce(written_system, '') as source_system
    from unreadable_noes
    where
        entity = 'erasure_requests'
        and named_address_hash is not null
),

requests as (
    select
        *,
        {{ meant_id('contact_id') }} as meant_contact_id
    from erasure_requests
    where reason <> 'duplicate_key'
),

asked_ids as (
    select contact_id
    from requests
    union
    select meant_contact_id as contact_id
    from requests
),

known_records as (
    select
        source_system,
        contact_id
    from contact_profiles
    union
    select
        source_system,
        contact_id
    from unknown_record_people
    union
    select
        source_system,
        contact_id
    from unknown_record_addresses
),

-- few: their systems' names are compared letter by letter
asked_records as (
    select
        known_records.source_system,
        known_records.contact_id
    from known_records
    inner join asked_ids
        on known_records.contact_id = asked_ids.contact_id
),

listed_requests as (
    select
        'erasure_requests' as entity,
        requests.source_system,
        requests.contact_id,
        cast(null as string) as message_id,
        '*' as channel,
        '*' as purpose,
        requests.requested_at is not null as has_readable_stamp,
        max(case when requests_with_address.contact_id is not null then 1 else 0 end) = 1 as has_address,
        max(case when asked_records.contact_id is not null then 1 else 0 end) = 1 as is_record_known,
        requests.requested_at as said_at
    from requests
    left join asked_records
        on
            asked_records.contact_id in (requests.contact_id, requests.meant_contact_id)
            and {{ may_be_one_system('requests.source_system', 'asked_records.source_system') }}
    left join requests_with_address
        on
            requests.contact_id = requests_with_address.contact_id
            and coalesce(requests.source_system, '') = requests_with_address.source_system
    group by
        requests.source_system,
        requests.contact_id,
        requests.requested_at
),

listed as (
    select * from listed_noes
    union all
    select * from listed_requests
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
