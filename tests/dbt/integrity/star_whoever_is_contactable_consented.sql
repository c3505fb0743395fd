{#
  Nobody is shown as contactable without a record of consent. Reads the consent events again, by a road of its own, so
  that a mistake in the models that apply consent cannot hide itself: a person is contactable by a channel only when
  at least one of the person's contact records last said yes to it, no message of the channel was answered by an
  unsubscription or a complaint after the last yes, and nobody asked for erasure. Fails with person and channel.
#}
with

consents as (
    select * from {{ ref('intake_consents') }}
    where {{ happened_by('changed_at') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

former_records as (
    select * from {{ ref('former_records') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
    where
        event_type in ('unsubscribed', 'complained')
        and {{ happened_by('occurred_at') }}
),

erasure_requests as (
    select * from {{ ref('intake_erasure_requests') }}
    where {{ happened_by('requested_at') }}
),

dim_profiles as (
    select * from {{ ref('dim_profiles') }}
),

last_words as (
    select
        source_system,
        contact_id,
        channel,
        max(case when status = 'granted' then changed_at end) as last_yes_at,
        max(case when status <> 'granted' then changed_at end) as last_no_at
    from consents
    where purpose = case when channel = 'ads' then 'ads_personalisation' else 'marketing' end
    group by source_system, contact_id, channel
),

consenting as (
    select
        contact_profiles.profile_id,
        last_words.channel,
        max(last_words.last_yes_at) as last_yes_at
    from last_words
    inner join contact_profiles
        on
            last_words.source_system = contact_profiles.source_system
            and last_words.contact_id = contact_profiles.contact_id
    where
        last_words.last_yes_at is not null
        and (last_words.last_no_at is null or last_words.last_yes_at > last_words.last_no_at)
    group by
        contact_profiles.profile_id,
        last_words.channel
),

last_stops as (
    select
        contact_profiles.profile_id,
        messages.channel,
        max(message_events.occurred_at) as stopped_at
    from message_events
    inner join messages
        on message_events.message_id = messages.message_id
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
    group by
        contact_profiles.profile_id,
        messages.channel
),

erased as (
    select distinct contact_profiles.profile_id
    from erasure_requests
    inner join contact_profiles
        on
            erasure_requests.source_system = contact_profiles.source_system
            and erasure_requests.contact_id = contact_profiles.contact_id
    union
    select former_records.profile_id
    from erasure_requests
    inner join former_records
        on
            erasure_requests.source_system = former_records.source_system
            and erasure_requests.contact_id = former_records.contact_id
),

contactable as (
    {% for channel in ['email', 'sms', 'phone', 'post', 'push', 'ads'] %}
        select
            profile_id,
            '{{ channel }}' as channel
        from dim_profiles
        where {{ 'is_reachable_by_ads' if channel == 'ads' else 'is_contactable_by_' ~ channel }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    contactable.profile_id,
    contactable.channel
from contactable
left join consenting
    on
        contactable.profile_id = consenting.profile_id
        and contactable.channel = consenting.channel
left join last_stops
    on
        contactable.profile_id = last_stops.profile_id
        and contactable.channel = last_stops.channel
left join erased
    on contactable.profile_id = erased.profile_id
where
    consenting.profile_id is null
    or coalesce(last_stops.stopped_at >= consenting.last_yes_at, false)
    or erased.profile_id is not null
