{#- the purpose that a person consents to, and the setting that lists where nothing may be known without it #}
{%- set purposes = {'opened': 'open_tracking', 'clicked': 'click_tracking'} %}

with

consents as (
    select * from {{ ref('fct_consents') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

-- the ids only make the choice repeatable
ranked_countries as (
    select
        contact_profiles.profile_id,
        {{ phone_country('contacts.country_code') }} as country_code,
        row_number() over (
            partition by contact_profiles.profile_id
            order by
                case when nullif(trim(contacts.country_code), '') is null then 1 else 0 end asc nulls last,
                coalesce(contacts.updated_at, contacts.created_at) desc nulls last,
                contacts.source_system asc nulls last,
                contacts.contact_id asc nulls last
        ) as newness
    from contacts
    inner join contact_profiles
        on
            contacts.source_system = contact_profiles.source_system
            and contacts.contact_id = contact_profiles.contact_id
),

asked_profiles as (
    {%- for event_type, purpose in purposes.items() %}
        select
            profile_id,
            cast('{{ event_type }}' as varchar) as event_type
        from ranked_countries
        where
            newness = 1
            and {{ needs_consent_in(purpose ~ '_consent_countries', 'country_code') }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

messaged_channels as (
    select distinct
        contact_profiles.profile_id,
        messages.channel
    from messages
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
),

-- a refusal reaches back: what was known before it is forgotten, so it matters when the last one ended
words as (
    select
        profile_id,
        channel,
        case purpose
            {%- for event_type, purpose in purposes.items() %}
                when '{{ purpose }}' then '{{ event_type }}'
            {%- endfor %}
        end as event_type,
        max(case when not is_granted and valid_to is null then 1 else 0 end) = 1 as is_refused,
        max(case when not is_granted then valid_to end) as refused_until,
        min(case when is_granted then valid_from end) as granted_from
    from consents
    where purpose in ('{{ purposes.values() | join("', '") }}')
    group by profile_id, channel, purpose
),

subjects as (
    select
        asked_profiles.profile_id,
        messaged_channels.channel,
        asked_profiles.event_type,
        1 as consent_required
    from asked_profiles
    inner join messaged_channels
        on asked_profiles.profile_id = messaged_channels.profile_id
    union all
    select
        profile_id,
        channel,
        event_type,
        0 as consent_required
    from words
),

distinct_subjects as (
    select
        profile_id,
        channel,
        event_type,
        max(consent_required) = 1 as is_consent_required
    from subjects
    group by profile_id, channel, event_type
),

permissions as (
    select
        distinct_subjects.profile_id,
        distinct_subjects.channel,
        distinct_subjects.event_type,
        distinct_subjects.is_consent_required,
        case
            when words.is_refused then null
            else coalesce(words.refused_until, words.granted_from)
        end as permitted_from
    from distinct_subjects
    left join words
        on
            distinct_subjects.profile_id = words.profile_id
            and distinct_subjects.channel = words.channel
            and distinct_subjects.event_type = words.event_type
    -- who was never asked to consent and never refused is not restricted
    where
        distinct_subjects.is_consent_required
        or words.is_refused
        or words.refused_until is not null
)

select
    profile_id,
    channel,
    event_type,
    is_consent_required,
    permitted_from
from permissions
