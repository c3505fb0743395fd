-- Whoever is selected as of the date said yes, and nothing else since: read again from the contract's rows, without the
-- models that applied it. Of everything that a person said about a channel and purpose, unsubscriptions, complaints and
-- whatever a row says that is no grant included, the last word is a yes; and no request to be forgotten came.
with

selected as (
    select
        members.decision_id,
        members.profile_id,
        members.channel,
        members.purpose
    from {{ ref('audience_members') }} as members
),

records as (
    select
        contact_profiles.profile_id,
        contact_profiles.source_system,
        contact_profiles.contact_id
    from {{ ref('contact_profiles') }} as contact_profiles
),

yeses as (
    select
        records.profile_id,
        consents.channel,
        consents.purpose,
        max(consents.changed_at) as said_at
    from {{ ref('intake_consents') }} as consents
    inner join records
        on
            consents.source_system = records.source_system
            and consents.contact_id = records.contact_id
    where
        consents.status = 'granted'
        and {{ happened_by('consents.changed_at') }}
    group by
        records.profile_id,
        consents.channel,
        consents.purpose
),

consent_noes as (
    select
        records.profile_id,
        consents.channel,
        consents.purpose,
        consents.changed_at as said_at
    from {{ ref('input_consents') }} as consents
    inner join records
        on
            consents.source_system = records.source_system
            and consents.contact_id = records.contact_id
    where
        lower(trim(coalesce(consents.status, ''))) <> 'granted'
        and {{ happened_by('consents.changed_at') }}
),

stops as (
    select
        records.profile_id,
        messages.channel,
        '*' as purpose,
        events.occurred_at as said_at
    from {{ ref('input_message_events') }} as events
    inner join {{ ref('input_messages') }} as messages
        on events.message_id = messages.message_id
    inner join records
        on
            messages.source_system = records.source_system
            and messages.contact_id = records.contact_id
    where
        events.event_type in ('unsubscribed', 'complained')
        and {{ happened_by('events.occurred_at') }}
),

noes as (
    select * from consent_noes
    union all
    select * from stops
),

forgotten as (
    select distinct records.profile_id
    from {{ ref('input_erasure_requests') }} as requests
    inner join records
        on
            requests.source_system = records.source_system
            and requests.contact_id = records.contact_id
    where coalesce({{ happened_by('requests.requested_at') }}, true)
),

last_noes as (
    select
        selected.decision_id,
        max(noes.said_at) as said_at
    from selected
    inner join noes
        on
            selected.profile_id = noes.profile_id
            and selected.channel = noes.channel
            and noes.purpose in (selected.purpose, '*')
    group by selected.decision_id
)

select
    selected.decision_id,
    yeses.profile_id is null as has_no_consent,
    coalesce(last_noes.said_at >= yeses.said_at, false) as has_said_no_since,
    forgotten.profile_id is not null as is_forgotten
from selected
left join yeses
    on
        selected.profile_id = yeses.profile_id
        and selected.channel = yeses.channel
        and selected.purpose = yeses.purpose
left join last_noes
    on selected.decision_id = last_noes.decision_id
left join forgotten
    on selected.profile_id = forgotten.profile_id
where
    yeses.profile_id is null
    or coalesce(last_noes.said_at >= yeses.said_at, false)
    or forgotten.profile_id is not null
