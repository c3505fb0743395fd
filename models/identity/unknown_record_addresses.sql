{{ config(materialized='view') }}
-- Of records that are nobody's - not delivered any more, or rejected by intake - the addresses each was seen with.
with

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_address_history as (
    select * from {{ ref('contact_address_history') }}
),

rejected_addresses as (
    select * from {{ ref('intake_rejected_addresses') }}
),

named_addresses as (
    select * from {{ ref('named_addresses') }}
),

record_addresses as (
    select
        source_system,
        contact_id,
        address_kind,
        address_id
    from contact_address_history
    union
    select
        rejected_addresses.source_system,
        rejected_addresses.contact_id,
        named_addresses.identifier_type as address_kind,
        named_addresses.identifier_id as address_id
    from rejected_addresses
    inner join named_addresses
        on
            rejected_addresses.source_system = named_addresses.source_system
            and rejected_addresses.contact_id = named_addresses.contact_id
            and rejected_addresses.address = named_addresses.address
)

select record_addresses.*
from record_addresses
{{ anti_join() }} contact_profiles
    on
        record_addresses.source_system = contact_profiles.source_system
        and record_addresses.contact_id = contact_profiles.contact_id
