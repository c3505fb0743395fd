-- A no that could not be read may be the no of several: of its record, or of the person whose that was, and of whoever
-- holds or held the address that it names, or that a record which is gone was seen with.
with

unreadable_noes as (
    select * from {{ ref('intake_unreadable_noes') }}
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

unknown_record_people as (
    select * from {{ ref('unknown_record_people') }}
),

named_addresses as (
    select
        *,
        {{ hash_id(["'address'", 'address']) }} as named_address_hash
    from {{ ref('named_addresses') }}
),

held_addresses as (
    select
        source_system,
        contact_id,
        identifier_id,
        is_over_shared
    from contact_identifiers
    where identifier_type in ('email', 'phone')
),

over_shared_addresses as (
    select distinct identifier_id
    from held_addresses
    where is_over_shared
),

-- its record, or every record of that id where the system is missing
noes_of_records as (
    select
        unreadable_noes.*,
        contact_profiles.source_system as record_system,
        contact_profiles.contact_id as record_id
    from unreadable_noes
    left join contact_profiles
        on
            unreadable_noes.source_system = contact_profiles.source_system
            and unreadable_noes.contact_id = contact_profiles.contact_id
    where unreadable_noes.source_system is not null
    union all
    select
        unreadable_noes.*,
        contact_profiles.source_system as record_system,
        contact_profiles.contact_id as record_id
    from unreadable_noes
    left join contact_profiles
        on unreadable_noes.contact_id = contact_profiles.contact_id
    where unreadable_noes.source_system is null
),

-- an address stands in the row of the no, under the ids as they are written there, or in its record's
addresses_of_noes as (
    select
        unreadable_noes.named_address_hash,
        coalesce(unreadable_noes.written_system, '') as written_system,
        coalesce(unreadable_noes.written_contact_id, '') as written_contact_id,
        coalesce(unreadable_noes.source_system, '') as source_system,
        coalesce(unreadable_noes.contact_id, '') as contact_id,
        named_addresses.identifier_type,
        named_addresses.identifier_id
    from unreadable_noes
    inner join named_addresses
        on
            unreadable_noes.named_address_hash = named_addresses.named_address_hash
            and coalesce(unreadable_noes.written_system, '') = coalesce(named_addresses.source_system, '')
            and coalesce(unreadable_noes.written_contact_id, '') = coalesce(named_addresses.contact_id, '')
    union
    select
        unreadable_noes.named_address_hash,
        coalesce(unreadable_noes.written_system, '') as written_system,
        coalesce(unreadable_noes.written_contact_id, '') as written_contact_id,
        unreadable_noes.source_system,
        unreadable_noes.contact_id,
        named_addresses.identifier_type,
        named_addresses.identifier_id
    from unreadable_noes
    inner join named_addresses
        on
            unreadable_noes.named_address_hash = named_addresses.named_address_hash
            and unreadable_noes.source_system = named_addresses.source_system
            and unreadable_noes.contact_id = named_addresses.contact_id
),

-- a wish to be forgotten is its person's, and says nothing about an address unless its record is nobody's
noes_heard as (
    select *
    from noes_of_records
    where
        entity <> 'erasure_requests'
        or record_id is null
),

noes_that_name as (
    select
        noes_heard.channel,
        noes_heard.purpose,
        noes_heard.record_system,
        noes_heard.record_id,
        addresses_of_noes.identifier_type as named_kind,
        addresses_of_noes.identifier_id as named_id,
        over_shared_addresses.identifier_id is not null as is_over_shared,
        noes_heard.said_at,
        noes_heard.source_system,
        noes_heard.contact_id
    from noes_heard
    left join addresses_of_noes
        on
            noes_heard.named_address_hash = addresses_of_noes.named_address_hash
            and coalesce(noes_heard.written_system, '') = addresses_of_noes.written_system
            and coalesce(noes_heard.written_contact_id, '') = addresses_of_noes.written_contact_id
            and coalesce(noes_heard.source_system, '') = addresses_of_noes.source_system
            and coalesce(noes_heard.contact_id, '') = addresses_of_noes.contact_id
    left join over_shared_addresses
        on addresses_of_noes.identifier_id = over_shared_addresses.identifier_id
),

-- a record that is not delivered any more speaks for what it was ever seen with
addressed_noes as (
    select
        channel,
        purpose,
        record_system,
        record_id,
        named_kind,
        named_id,
        is_over_shared,
        said_at
    from noes_that_name
    union all
    select
        noes_that_name.channel,
        noes_that_name.purpose,
        noes_that_name.record_system,
        noes_that_name.record_id,
        contact_address_history.address_kind as named_kind,
        contact_address_history.address_id as named_id,
        over_shared_addresses.identifier_id is not null as is_over_shared,
        noes_that_name.said_at
    from noes_that_name
    inner join contact_address_history
        on noes_that_name.contact_id = contact_address_history.contact_id
    left join over_shared_addresses
        on contact_address_history.address_id = over_shared_addresses.identifier_id
    where
        noes_that_name.record_id is null
        and noes_that_name.named_id is null
        and coalesce(noes_that_name.source_system, contact_address_history.source_system)
        = contact_address_history.source_system
),

-- what a record says that is nobody's today, the person says whose it was; one of her records stands for her
noes_of_people as (
    select
        noes_that_name.channel,
        noes_that_name.purpose,
        noes_that_name.named_kind,
        noes_that_name.named_id,
        noes_that_name.is_over_shared,
        noes_that_name.said_at,
        contact_profiles.source_system,
        contact_profiles.contact_id
    from noes_that_name
    inner join unknown_record_people
        on noes_that_name.contact_id = unknown_record_people.contact_id
    inner join contact_profiles
        on
            unknown_record_people.profile_id = contact_profiles.profile_id
            and contact_profiles.is_oldest
    where
        {{ may_be_one_system('noes_that_name.source_system', 'unknown_record_people.source_system') }}
        and noes_that_name.record_id is null
        and (
            noes_that_name.said_at is null
            or unknown_record_people.apart_since_date is null
            or {{ local_date('noes_that_name.said_at') }} <= unknown_record_people.apart_since_date
        )
),

holders as (
    select
        source_system,
        contact_id,
        identifier_id
    from held_addresses
    union all
    select
        source_system,
        contact_id,
        address_id as identifier_id
    from contact_address_history
),

-- at a switchboard each record speaks for itself: it is anybody's only when the record is not known
doubtful_noes as (
    select
        addressed_noes.record_system as source_system,
        addressed_noes.record_id as contact_id,
        addressed_noes.channel,
        addressed_noes.purpose,
        addressed_noes.named_kind,
        addressed_noes.named_id,
        true as is_of_the_record,
        false as is_of_the_person,
        addressed_noes.is_over_shared,
        addressed_noes.said_at
    from addressed_noes
    where addressed_noes.record_id is not null
    union all
    select
        holders.source_system,
        holders.contact_id,
        addressed_noes.channel,
        addressed_noes.purpose,
        addressed_noes.named_kind,
        addressed_noes.named_id,
        coalesce(
            holders.source_system = addressed_noes.record_system and holders.contact_id = addressed_noes.record_id,
            false
        ) as is_of_the_record,
        false as is_of_the_person,
        addressed_noes.is_over_shared,
        addressed_noes.said_at
    from addressed_noes
    inner join holders
        on addressed_noes.named_id = holders.identifier_id
    where
        not addressed_noes.is_over_shared
        or addressed_noes.record_id is null
    union all
    select
        source_system,
        contact_id,
        channel,
        purpose,
        named_kind,
        named_id,
        false as is_of_the_record,
        true as is_of_the_person,
        is_over_shared,
        said_at
    from noes_of_people
)

select distinct
    source_system,
    contact_id,
    coalesce(channel, '*') as channel,
    coalesce(purpose, '*') as purpose,
    named_kind,
    coalesce(named_id, '') as named_id,
    is_of_the_record,
    is_of_the_person,
    is_over_shared,
    -- said at no time that can be told: nothing is later
    coalesce(said_at, cast('9999-12-31' as timestamp)) as said_at,
    coalesce(said_at, cast('1900-01-01' as timestamp)) as heard_at
from doubtful_noes
