with

consents as (
    select * from {{ ref('intake_consents') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

{% if setting('require_double_opt_in') -%}
    sides as (
        select true as is_confirmation
        union all
        select false as is_confirmation
    ),

    -- a grant speaks twice: when it is given, and when it is confirmed; only then is it in force
    moments as (
        select
            consents.*,
            case
                when sides.is_confirmation then consents.double_opt_in_confirmed_at
                else consents.changed_at
            end as said_at,
            case
                when
                    consents.status = 'granted'
                    and (sides.is_confirmation or consents.double_opt_in_confirmed_at <= consents.changed_at)
                    then consents.changed_at
            end as granted_at
        from consents
        cross join sides
        where
            not sides.is_confirmation
            or (consents.status = 'granted' and consents.double_opt_in_confirmed_at > consents.changed_at)
    ),
{%- else -%}
    moments as (
        select
            *,
            changed_at as said_at,
            case when status = 'granted' then changed_at end as granted_at
        from consents
    ),
{%- endif %}

attached as (
    select
        moments.source_system,
        moments.contact_id,
        contact_profiles.profile_id,
        -- what the consent is about: the address of its channel, else the contact record. An address that too many
        -- records share (a switchboard) is nobody's in particular: there, each record speaks for itself
        coalesce(
            contact_identifiers.identifier_id,
            {{ hash_id(['moments.source_system', 'moments.contact_id']) }}
        ) as consent_key,
        moments.channel,
        moments.purpose,
        moments.status,
        moments.evidence_reference,
        moments.said_at,
        moments.granted_at,
        case when moments.status <> 'granted' then moments.changed_at end as denied_at
    from moments
    inner join contact_profiles
        on
            moments.source_system = contact_profiles.source_system
            and moments.contact_id = contact_profiles.contact_id
    left join contact_identifiers
        on
            moments.source_system = contact_identifiers.source_system
            and moments.contact_id = contact_identifiers.contact_id
            and case
                when moments.channel = 'email' then 'email'
                when moments.channel in ('sms', 'phone') then 'phone'
            end = contact_identifiers.identifier_type
            and not contact_identifiers.is_over_shared
),

-- the instants of the last yes and the last no decide; with ranges, events of one instant see each other
weighed as (
    select
        source_system,
        contact_id,
        profile_id,
        consent_key,
        channel,
        purpose,
        status,
        evidence_reference,
        said_at,
        max(granted_at) over (
            partition by source_system, contact_id, channel, purpose
            order by said_at asc nulls last range between unbounded preceding and current row
        ) as last_granted_at,
        max(denied_at) over (
            partition by source_system, contact_id, channel, purpose
            order by said_at asc nulls last range between unbounded preceding and current row
        ) as last_denied_at,
        row_number() over (
            partition by source_system, contact_id, channel, purpose, said_at
            order by
                case when status = 'granted' then 1 else 0 end asc nulls last,
                status asc nulls last,
                evidence_reference asc nulls last
        ) as place_at_instant
    from attached
),

one_per_instant as (
    select
        *,
        last_granted_at is not null and (last_denied_at is null or last_granted_at > last_denied_at) as is_granted
    from weighed
    where place_at_instant = 1
)

select
    source_system,
    contact_id,
    profile_id,
    consent_key,
    channel,
    purpose,
    status,
    evidence_reference,
    is_granted,
    last_granted_at,
    last_denied_at,
    said_at as valid_from,
    lead(said_at) over (
        partition by source_system, contact_id, channel, purpose
        order by said_at asc nulls last
    ) as valid_to
from one_per_instant
