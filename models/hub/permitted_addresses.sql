{{ config(schema='hub_private', access='protected', tags=['pii']) }}
-- What address_permissions says of the addresses that exist as of the date, and in which order they would be taken.
with

address_permissions as (
    select * from {{ ref('address_permissions') }}
),

contact_addresses as (
    select * from {{ ref('contact_addresses') }}
),

declared_addresses as (
    select * from {{ ref('declared_addresses') }}
),

channels as (
    select * from {{ ref('channels') }}
),

permissions as (
    select *
    from address_permissions
    where {{ holds_as_of('valid_from', 'valid_to') }}
),

-- the newest wish counts, also one that no record can fulfil
ranked_wishes as (
    select
        profile_id,
        address_kind,
        identifier_id,
        row_number() over (
            partition by profile_id, address_kind
            order by declared_at desc nulls last, identifier_id asc nulls last
        ) as newness
    from declared_addresses
    where {{ happened_by('declared_at') }}
),

wishes as (
    select *
    from ranked_wishes
    where newness = 1
),

judged_addresses as (
    select
        contact_addresses.profile_id,
        permissions.channel,
        permissions.purpose,
        contact_addresses.address_kind,
        contact_addresses.source_system,
        contact_addresses.contact_id,
        contact_addresses.is_valid,
        permissions.is_consented,
        permissions.is_open,
        permissions.closed_by,
        wishes.identifier_id is not null as is_declared,
        permissions.granted_at,
        contact_addresses.verified_at,
        contact_addresses.changed_at
    from contact_addresses
    inner join channels
        on {{ list_holds('channels.address_kinds', 'contact_addresses.address_kind') }}
    inner join permissions
        on
            contact_addresses.profile_id = permissions.profile_id
            and contact_addresses.address_key = permissions.address_key
            and channels.channel = permissions.channel
    left join wishes
        on
            contact_addresses.profile_id = wishes.profile_id
            and contact_addresses.address_kind = wishes.address_kind
            and contact_addresses.address_id = wishes.identifier_id
)

select
    profile_id,
    channel,
    purpose,
    address_kind,
    source_system,
    contact_id,
    closed_by,
    is_valid,
    is_consented,
    is_open,
    -- open before closed and working before bounced; then the declared one, the newest verified, the newest record; the
    -- ids only make the choice repeatable
    cast(row_number() over (
        partition by profile_id, channel, purpose, address_kind
        order by
            case when is_open then 0 else 1 end asc nulls last,
            case when is_valid then 0 else 1 end asc nulls last,
            case when is_declared then 0 else 1 end asc nulls last,
            verified_at desc nulls last,
            changed_at desc nulls last,
            source_system asc nulls last,
            contact_id asc nulls last
    ) as bigint) as preference,
    granted_at
from judged_addresses
