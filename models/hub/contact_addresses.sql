{{ config(schema='hub_private', access='protected', tags=['pii']) }}
-- The addresses that exist as of the date, and which of them still work.
with

record_addresses as (
    select * from {{ ref('record_addresses') }}
),

known_addresses as (
    select
        *,
        coalesce({{ happened_by('verified_at') }}, false) as is_verified,
        coalesce({{ happened_by('first_bounced_at') }}, false) as has_bounced,
        coalesce({{ happened_by('bounced_again_at') }}, false) as has_bounced_again
    from record_addresses
    where {{ happened_by('created_at') }}
)

select
    source_system,
    contact_id,
    profile_id,
    address_id,
    address_key,
    address_kind,
    not has_bounced_again
    and (
        not has_bounced
        or (is_verified and verified_at > first_bounced_at)
    ) as is_valid,
    case when is_verified then verified_at end as verified_at,
    changed_at
from known_addresses
