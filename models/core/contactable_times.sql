-- Since when and until when somebody could be written to on a channel: one of her addresses was open, and it worked.
-- The rule is not here but in address_permissions.
with

address_permissions as (
    select *
    from {{ ref('address_permissions') }}
    where is_open
),

record_addresses as (
    select * from {{ ref('record_addresses') }}
),

channels as (
    select * from {{ ref('channels') }}
),

open_addresses as (
    select
        address_permissions.profile_id,
        address_permissions.channel,
        greatest(address_permissions.valid_from, record_addresses.created_at) as open_from,
        address_permissions.valid_to as open_to,
        record_addresses.verified_at,
        record_addresses.first_bounced_at,
        record_addresses.bounced_again_at
    from address_permissions
    inner join channels
        on
            address_permissions.channel = channels.channel
            and address_permissions.purpose = channels.purpose
    inner join record_addresses
        on
            address_permissions.profile_id = record_addresses.profile_id
            and address_permissions.address_key = record_addresses.address_key
            and {{ list_holds('channels.address_kinds', 'record_addresses.address_kind') }}
),

-- until it bounces, and from a later verification on until it bounces again
working_addresses as (
    select
        profile_id,
        channel,
        open_from as contactable_from,
        least(open_to, first_bounced_at) as contactable_to
    from open_addresses
    union all
    select
        profile_id,
        channel,
        greatest(open_from, verified_at) as contactable_from,
        least(open_to, bounced_again_at) as contactable_to
    from open_addresses
    where verified_at > first_bounced_at
)

-- of addresses that were opened by one word, the one that lasted longest
select
    profile_id,
    channel,
    contactable_from,
    case when count(*) = count(contactable_to) then max(contactable_to) end as contactable_to
from working_addresses
where contactable_to is null or contactable_from < contactable_to
group by
    profile_id,
    channel,
    contactable_from
