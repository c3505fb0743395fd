{{ config(access='protected') }}
-- Every address that may be written to as of the date, whether or not it is the one that was chosen: what the exporter
-- holds each row of a file against.
with

permitted_addresses as (
    select * from {{ ref('permitted_addresses') }}
),

profile_contacts as (
    select * from {{ ref('profile_contacts') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

-- of several records with the same address the yes that came last; on post and push the addresses are not told apart,
-- and a late no must be older than the yes at each
open_addresses as (
    select
        permitted_addresses.profile_id,
        permitted_addresses.channel,
        permitted_addresses.purpose,
        permitted_addresses.address_kind,
        contact_identifiers.identifier_value as address,
        case
            when contact_identifiers.identifier_value is null then min(permitted_addresses.granted_at)
            else max(permitted_addresses.granted_at)
        end as consented_at
    from permitted_addresses
    -- whoever asked to be forgotten has no contact details
    inner join profile_contacts
        on permitted_addresses.profile_id = profile_contacts.profile_id
    left join contact_identifiers
        on
            permitted_addresses.source_system = contact_identifiers.source_system
            and permitted_addresses.contact_id = contact_identifiers.contact_id
            and permitted_addresses.address_kind = contact_identifiers.identifier_type
    where permitted_addresses.is_open
    group by
        permitted_addresses.profile_id,
        permitted_addresses.channel,
        permitted_addresses.purpose,
        permitted_addresses.address_kind,
        contact_identifiers.identifier_value
)

select
    profile_id,
    channel,
    purpose,
    address_kind,
    address,
    consented_at
from open_addresses
