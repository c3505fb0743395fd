-- Whoever is selected as of the date said yes: read again from the contract's rows, without the models that applied it.
-- A yes is the newest word of a record of the person, for the channel and the purpose, and no request to be forgotten
-- came by the date.
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

words as (
    select
        records.profile_id,
        consents.channel,
        consents.purpose,
        consents.status,
        row_number() over (
            partition by consents.source_system, consents.contact_id, consents.channel, consents.purpose
            order by
                consents.changed_at desc nulls last,
                case when consents.status = 'granted' then 1 else 0 end asc nulls last
        ) as newness
    from {{ ref('intake_consents') }} as consents
    inner join records
        on
            consents.source_system = records.source_system
            and consents.contact_id = records.contact_id
    where {{ happened_by('consents.changed_at') }}
),

yeses as (
    select distinct
        profile_id,
        channel,
        purpose
    from words
    where
        newness = 1
        and status = 'granted'
),

forgotten as (
    select distinct records.profile_id
    from {{ ref('intake_erasure_requests') }} as requests
    inner join records
        on
            requests.source_system = records.source_system
            and requests.contact_id = records.contact_id
    where {{ happened_by('requests.requested_at') }}
)

select
    selected.decision_id,
    yeses.profile_id is null as has_no_consent,
    forgotten.profile_id is not null as is_forgotten
from selected
left join yeses
    on
        selected.profile_id = yeses.profile_id
        and selected.channel = yeses.channel
        and selected.purpose = yeses.purpose
left join forgotten
    on selected.profile_id = forgotten.profile_id
where
    yeses.profile_id is null
    or forgotten.profile_id is not null
