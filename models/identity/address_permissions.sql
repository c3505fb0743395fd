-- The one place that says who may be written to where: per address and stretch of time, whether it is open, and what
-- closes it. The rule in words: docs/decisions/0005-consent-is-about-an-address.md.
{%- set moment_columns = [
    'granted_at', 'denied_at', 'stopped_at', 'complained_at', 'doubted_at', 'denied_by_others_at',
] %}

with

words as (
    select * from {{ ref('contact_words') }}
),

channels as (
    select * from {{ ref('channels') }}
),

-- a stop is about every purpose of its channel: those that somebody asked about, and the one that messages need
purposes as (
    select
        profile_id,
        channel,
        purpose
    from words
    where purpose <> '*'
    union
    select
        words.profile_id,
        words.channel,
        channels.purpose
    from words
    inner join channels
        on words.channel = channels.channel
    where words.purpose = '*'
),

heard as (
    select
        words.profile_id,
        words.channel,
        purposes.purpose,
        words.address_key,
        words.heard_at,
        max(case when words.word = 'yes' then words.said_at end) as granted_at,
        max(case when words.word = 'no' and words.is_own then words.said_at end) as denied_at,
        max(case when words.word = 'stop' and words.is_own then words.said_at end) as stopped_at,
        max(case when words.reason = 'complained' and words.is_own then words.said_at end) as complained_at,
        max(case when words.word = 'unreadable' and words.is_own then words.said_at end) as doubted_at,
        max(case when not words.is_own then words.said_at end) as denied_by_others_at
    from words
    inner join purposes
        on
            words.profile_id = purposes.profile_id
            and words.channel = purposes.channel
            and words.purpose in (purposes.purpose, '*')
    group by
        words.profile_id,
        words.channel,
        purposes.purpose,
        words.address_key,
        words.heard_at
),

instants as (
    select distinct
        profile_id,
        channel,
        purpose,
        heard_at
    from heard
),

addresses as (
    select distinct
        profile_id,
        channel,
        purpose,
        address_key
    from heard
),

-- every word may change what holds at every address of the person
moments as (
    select
        instants.profile_id,
        instants.channel,
        instants.purpose,
        addresses.address_key,
        instants.heard_at,
        heard.granted_at,
        heard.denied_at,
        heard.stopped_at,
        heard.complained_at,
        heard.doubted_at,
        heard.denied_by_others_at
    from instants
    inner join addresses
        on
            instants.profile_id = addresses.profile_id
            and instants.channel = addresses.channel
            and instants.purpose = addresses.purpose
    left join heard
        on
            instants.profile_id = heard.profile_id
            and instants.channel = heard.channel
            and instants.purpose = heard.purpose
            and instants.heard_at = heard.heard_at
            and addresses.address_key = heard.address_key
),

latest_words as (
    select
        profile_id,
        channel,
        purpose,
        address_key,
        heard_at as valid_from,
        {% for column in moment_columns -%}
            max({{ column }}) over (
                partition by profile_id, channel, purpose, address_key
                order by heard_at asc nulls last rows between unbounded preceding and current row
            ) as {{ column }},
        {% endfor -%}
        lead(heard_at) over (
            partition by profile_id, channel, purpose, address_key
            order by heard_at asc nulls last
        ) as valid_to
    from moments
),

-- a no that no later yes at the same address has lifted
unlifted as (
    select
        *,
        case when granted_at is null or granted_at <= denied_at then denied_at end as standing_denial_at,
        case when granted_at is null or granted_at <= stopped_at then stopped_at end as standing_stop_at,
        case when granted_at is null or granted_at <= complained_at then complained_at end as standing_complaint_at,
        case when granted_at is null or granted_at <= doubted_at then doubted_at end as standing_doubt_at,
        case
            when granted_at is null or granted_at <= denied_by_others_at then denied_by_others_at
        end as standing_denial_by_others_at
    from latest_words
),

-- a no closes the person: of all that stand, the latest is what a yes elsewhere must be later than
weighed as (
    select
        *,
        max(standing_denial_at) over (
            partition by profile_id, channel, purpose, valid_from
        ) as latest_denial_at,
        max(standing_stop_at) over (
            partition by profile_id, channel, purpose, valid_from
        ) as latest_stop_at,
        max(standing_complaint_at) over (
            partition by profile_id, channel, purpose, valid_from
        ) as latest_complaint_at,
        max(standing_doubt_at) over (
            partition by profile_id, channel, purpose, valid_from
        ) as latest_doubt_at
    from unlifted
),

judged as (
    select
        *,
        granted_at is not null
        and (latest_denial_at is null or granted_at > latest_denial_at)
        and standing_denial_at is null as is_consented,
        latest_doubt_at is null
        and standing_denial_by_others_at is null
        and (latest_stop_at is null or granted_at > latest_stop_at)
        and standing_stop_at is null as is_unstopped
    from weighed
)

select
    profile_id,
    channel,
    purpose,
    address_key,
    is_consented,
    is_consented and is_unstopped as is_open,
    case
        when latest_doubt_at is not null then 'unreadable_no'
        when latest_complaint_at is not null and (granted_at is null or granted_at <= latest_complaint_at)
            then 'complained'
        when latest_stop_at is not null and (granted_at is null or granted_at <= latest_stop_at) then 'unsubscribed'
        when standing_denial_by_others_at is not null then 'refused_by_another'
        when latest_denial_at is not null and not is_consented then 'consent_withdrawn'
    end as closed_by,
    granted_at,
    greatest(latest_doubt_at, latest_stop_at, standing_denial_by_others_at, latest_denial_at) as closed_at,
    valid_from,
    valid_to
from judged
