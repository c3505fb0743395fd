with

contact_consents as (
    select * from {{ ref('contact_consents') }}
),

-- a no is about an address: it stands until a later yes, from whichever record, names the same address
address_instants as (
    select
        *,
        max(last_granted_at) over (
            partition by profile_id, consent_key, channel, purpose
            order by valid_from asc nulls last range between unbounded preceding and current row
        ) as address_granted_at,
        max(last_denied_at) over (
            partition by profile_id, consent_key, channel, purpose
            order by valid_from asc nulls last range between unbounded preceding and current row
        ) as address_denied_at
    from contact_consents
),

states as (
    select
        *,
        case when is_granted then 1 else 0 end as granted,
        case
            when address_denied_at is null then 0
            when address_granted_at > address_denied_at then 0
            else 1
        end as blocked
    from address_instants
),

-- events of one address at one instant share its state, so only the first of them changes anything
changes as (
    select
        *,
        granted - coalesce(
            lag(granted) over (
                partition by source_system, contact_id, channel, purpose
                order by valid_from asc nulls last
            ),
            0
        ) as granted_change,
        blocked - coalesce(
            lag(blocked) over (
                partition by profile_id, consent_key, channel, purpose
                order by valid_from asc nulls last, source_system asc nulls last, contact_id asc nulls last
            ),
            0
        ) as blocked_change
    from states
),

counted as (
    select
        *,
        sum(granted_change) over (
            partition by profile_id, channel, purpose
            order by valid_from asc nulls last range between unbounded preceding and current row
        ) as granted_records,
        sum(blocked_change) over (
            partition by profile_id, channel, purpose
            order by valid_from asc nulls last range between unbounded preceding and current row
        ) as blocked_addresses,
        row_number() over (
            partition by profile_id, channel, purpose, valid_from
            order by
                case when status = 'granted' then 1 else 0 end asc nulls last,
                source_system asc nulls last,
                contact_id asc nulls last
        ) as place_at_instant
    from changes
),

one_per_instant as (
    select *
    from counted
    where place_at_instant = 1
)

select
    profile_id,
    channel,
    purpose,
    status,
    source_system,
    evidence_reference,
    granted_records > 0 and blocked_addresses = 0 as is_granted,
    valid_from,
    lead(valid_from) over (
        partition by profile_id, channel, purpose
        order by valid_from asc nulls last
    ) as valid_to
from one_per_instant
