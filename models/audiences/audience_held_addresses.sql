{{ config(access='protected') }}
-- Which addresses people hold, or held once, as digests: whoever may be written to anywhere or was one person with
-- somebody who may, and whoever holds or held an address at which somebody else may be, all of theirs. A no that comes
-- after the publication is about an address.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

siblings as (
    select * from {{ ref('audience_siblings') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_address_history as (
    select * from {{ ref('contact_address_history') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

open_addresses as (
    select distinct {{ hash_id(['address_kind', 'address']) }} as address_id
    from permissions
    where address is not null
),

over_shared_addresses as (
    select distinct identifier_id
    from contact_identifiers
    where is_over_shared
),

record_addresses as (
    select
        source_system,
        contact_id,
        identifier_type as address_kind,
        identifier_id as address_id
    from contact_identifiers
    where identifier_type in ('email', 'phone')
    union
    select
        source_system,
        contact_id,
        address_kind,
        address_id
    from contact_address_history
),

held_addresses as (
    select distinct
        contact_profiles.profile_id,
        record_addresses.address_kind,
        record_addresses.address_id,
        over_shared_addresses.identifier_id is not null as is_over_shared
    from record_addresses
    inner join contact_profiles
        on
            record_addresses.source_system = contact_profiles.source_system
            and record_addresses.contact_id = contact_profiles.contact_id
    left join over_shared_addresses
        on record_addresses.address_id = over_shared_addresses.identifier_id
),

-- a no of whoever was one person with them before a split may be theirs, and so may one of whoever shares an address,
-- about any address of hers; at a switchboard everybody speaks for herself
speakers as (
    select profile_id
    from permissions
    union
    select sibling_profile_id as profile_id
    from siblings
    union
    select held_addresses.profile_id
    from held_addresses
    inner join open_addresses
        on held_addresses.address_id = open_addresses.address_id
    where not held_addresses.is_over_shared
),

told_addresses as (
    select held_addresses.*
    from held_addresses
    inner join speakers
        on held_addresses.profile_id = speakers.profile_id
)

select
    profile_id,
    address_kind,
    address_id,
    is_over_shared
from told_addresses
