with

words as (
    select *
    from {{ ref('contact_words') }}
    where
        word in ('yes', 'no', 'note')
        and is_own
),

address_permissions as (
    select * from {{ ref('address_permissions') }}
),

-- of what was said at one instant the no is told
ranked as (
    select
        profile_id,
        channel,
        purpose,
        reason,
        source_system,
        evidence_reference,
        heard_at,
        row_number() over (
            partition by profile_id, channel, purpose, heard_at
            order by
                case when reason = 'granted' then 1 else 0 end asc nulls last,
                source_system asc nulls last,
                contact_id asc nulls last,
                reason asc nulls last,
                evidence_reference asc nulls last,
                address_key asc nulls last
        ) as place_at_instant
    from words
),

states as (
    select
        profile_id,
        channel,
        purpose,
        valid_from,
        max(case when is_consented then 1 else 0 end) = 1 as is_granted
    from address_permissions
    group by
        profile_id,
        channel,
        purpose,
        valid_from
)

select
    ranked.profile_id,
    ranked.channel,
    ranked.purpose,
    ranked.reason as status,
    ranked.source_system,
    ranked.evidence_reference,
    states.is_granted,
    ranked.heard_at as valid_from,
    lead(ranked.heard_at) over (
        partition by ranked.profile_id, ranked.channel, ranked.purpose
        order by ranked.heard_at asc nulls last
    ) as valid_to
from ranked
inner join states
    on
        ranked.profile_id = states.profile_id
        and ranked.channel = states.channel
        and ranked.purpose = states.purpose
        and ranked.heard_at = states.valid_from
where ranked.place_at_instant = 1
