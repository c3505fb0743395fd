{#- the purpose that a person consents to, and the setting that lists where nothing may be known without it #}
{%- set purposes = {'opened': 'open_tracking', 'clicked': 'click_tracking'} %}

with

words as (
    select * from {{ ref('contact_words') }}
),

address_permissions as (
    select * from {{ ref('address_permissions') }}
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

questions as (
    {%- for event_type, purpose in purposes.items() %}
        select
            cast('{{ event_type }}' as string) as event_type,
            cast('{{ purpose }}' as string) as purpose
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

asked_profiles as (
    select
        ranked_countries.profile_id,
        questions.event_type
    from ranked_countries
    cross join questions
    where
        ranked_countries.newness = 1
        and case questions.purpose
            {%- for purpose in purposes.values() %}
                {%- set countries = purpose ~ '_consent_countries' %}
                when '{{ purpose }}' then {{ needs_consent_in(countries, 'ranked_countries.country_code') }}
            {%- endfor %}
        end
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

-- a refusal reaches back, what was known before it is forgotten: the last one matters. An unreadable no is one as well
refusals as (
    select
        words.profile_id,
        words.channel,
        questions.event_type,
        max(words.said_at) as last_refused_at
    from words
    inner join questions
        on words.purpose in (questions.purpose, '*')
    where words.word in ('no', 'unreadable')
    group by words.profile_id, words.channel, questions.event_type
),

-- in force since a yes that was given after the last refusal, wherever the person said it
grants as (
    select
        address_permissions.profile_id,
        address_permissions.channel,
        questions.event_type,
        min(address_permissions.valid_from) as granted_from
    from address_permissions
    inner join questions
        on address_permissions.purpose = questions.purpose
    left join refusals
        on
            address_permissions.profile_id = refusals.profile_id
            and address_permissions.channel = refusals.channel
            and questions.event_type = refusals.event_type
    where
        address_permissions.is_consented
        and coalesce(address_permissions.closed_by, '') <> 'unreadable_no'
        and (refusals.last_refused_at is null or address_permissions.granted_at > refusals.last_refused_at)
    group by address_permissions.profile_id, address_permissions.channel, questions.event_type
),

-- whoever need not consent and never refused is not restricted
restrictions as (
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
    from refusals
),

distinct_restrictions as (
    select
        profile_id,
        channel,
        event_type,
        max(consent_required) = 1 as is_consent_required
    from restrictions
    group by profile_id, channel, event_type
),

permissions as (
    select
        distinct_restrictions.profile_id,
        distinct_restrictions.channel,
        distinct_restrictions.event_type,
        distinct_restrictions.is_consent_required,
        grants.granted_from as permitted_from
    from distinct_restrictions
    left join grants
        on
            distinct_restrictions.profile_id = grants.profile_id
            and distinct_restrictions.channel = grants.channel
            and distinct_restrictions.event_type = grants.event_type
)

select
    profile_id,
    channel,
    event_type,
    is_consent_required,
    permitted_from
from permissions
