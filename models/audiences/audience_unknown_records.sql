{{ config(access='protected') }}
-- Records that are nobody's, and the addresses for which each speaks: a no of theirs that comes after the publication
-- is of whoever holds or held one of them.
with

held_addresses as (
    select * from {{ ref('audience_held_addresses') }}
),

unknown_record_addresses as (
    select * from {{ ref('unknown_record_addresses') }}
),

addresses as (
    select distinct address_id
    from held_addresses
)

select
    unknown_record_addresses.source_system,
    unknown_record_addresses.contact_id,
    unknown_record_addresses.address_kind,
    unknown_record_addresses.address_id
from unknown_record_addresses
inner join addresses
    on unknown_record_addresses.address_id = addresses.address_id
