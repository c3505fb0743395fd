{{ config(access='protected') }}
-- Addresses that somebody may be written to at, and that somebody else holds who may not be: what she says of them
-- holds for both.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

open_addresses as (
    select distinct
        profile_id,
        address_kind,
        address
    from permissions
    where address is not null
),

-- at a switchboard everybody speaks for herself
written_addresses as (
    select distinct
        contact_profiles.profile_id,
        contact_identifiers.identifier_type as address_kind,
        contact_identifiers.identifier_value as address
    from contact_identifiers
    inner join contact_profiles
        on
            contact_identifiers.source_system = contact_profiles.source_system
            and contact_identifiers.contact_id = contact_profiles.contact_id
    where
        contact_identifiers.identifier_type in ('email', 'phone')
        and not contact_identifiers.is_over_shared
)

select distinct
    written_addresses.profile_id,
    written_addresses.address_kind,
    written_addresses.address
from written_addresses
inner join open_addresses as open_to_others
    on
        written_addresses.address_kind = open_to_others.address_kind
        and written_addresses.address = open_to_others.address
        and written_addresses.profile_id <> open_to_others.profile_id
left join open_addresses as open_to_her
    on
        written_addresses.address_kind = open_to_her.address_kind
        and written_addresses.address = open_to_her.address
        and written_addresses.profile_id = open_to_her.profile_id
where open_to_her.profile_id is null
