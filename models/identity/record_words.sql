-- Every yes and every no of a record, and which address it is about; contact_words says whom each concerns.
-- The rule in words: docs/decisions/0005-consent-is-about-an-address.md.
{%- set word_columns = [
    'source_system', 'contact_id', 'channel', 'purpose', 'address_key', 'word', 'reason', 'evidence_reference',
    'said_at', 'heard_at',
] %}

with

consents as (
    select * from {{ ref('intake_consents') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
),

doubtful_noes as (
    select * from {{ ref('doubtful_noes') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_address_history as (
    select * from {{ ref('contact_address_history') }}
),

named_addresses as (
    select * from {{ ref('named_addresses') }}
),

channels as (
    select * from {{ ref('channels') }}
),

kinds as (
    select 'email' as address_kind
    union all
    select 'phone' as address_kind
),

-- large tables are joined by equality only: engines compare every pair of rows for anything else
channel_kinds as (
    select
        channels.channel,
        kinds.address_kind
    from channels
    inner join kinds
        on {{ list_holds('channels.address_kinds', 'kinds.address_kind') }}
),

named_channel_addresses as (
    select
        named_addresses.*,
        channel_kinds.channel
    from named_addresses
    inner join channel_kinds
        on named_addresses.identifier_type = channel_kinds.address_kind
),

-- an address that too many records share (a switchboard) is nobody's in particular: each record speaks for itself
record_addresses as (
    select
        contact_identifiers.source_system,
        contact_identifiers.contact_id,
        contact_identifiers.identifier_type as address_kind,
        contact_identifiers.identifier_id,
        contact_identifiers.is_over_shared,
        case
            when contact_identifiers.is_over_shared
                then {{ hash_id(['contact_identifiers.source_system', 'contact_identifiers.contact_id']) }}
            else contact_identifiers.identifier_id
        end as address_key
    from contact_identifiers
    where contact_identifiers.identifier_type in ('email', 'phone')
),

record_channel_addresses as (
    select
        record_addresses.source_system,
        record_addresses.contact_id,
        channel_kinds.channel,
        record_addresses.address_key
    from record_addresses
    inner join channel_kinds
        on record_addresses.address_kind = channel_kinds.address_kind
),

over_shared_addresses as (
    select distinct identifier_id
    from record_addresses
    where is_over_shared
),

answers as (
    select
        messages.source_system,
        messages.contact_id,
        messages.channel,
        message_events.event_type,
        {{ answered_at('message_events.occurred_at', 'messages.sent_at') }} as answered_at
    from message_events
    inner join messages
        on message_events.message_id = messages.message_id
    where message_events.event_type in ('unsubscribed', 'complained')
),

stops as (
    select distinct
        contact_profiles.profile_id,
        answers.source_system,
        answers.contact_id,
        answers.channel,
        '*' as purpose,
        'stop' as word,
        answers.event_type as reason,
        cast(null as string) as evidence_reference,
        answers.answered_at as said_at,
        answers.answered_at as heard_at,
        coalesce(contacts.updated_at > answers.answered_at, false) as was_changed_since
    from answers
    inner join contacts
        on
            answers.source_system = contacts.source_system
            and answers.contact_id = contacts.contact_id
    inner join contact_profiles
        on
            answers.source_system = contact_profiles.source_system
            and answers.contact_id = contact_profiles.contact_id
),

-- whoever has something to say on a channel
speakers as (
    select
        source_system,
        contact_id,
        channel
    from consents
    union
    select
        source_system,
        contact_id,
        channel
    from stops
    union
    select
        doubtful_noes.source_system,
        doubtful_noes.contact_id,
        channels.channel
    from doubtful_noes
    inner join channels
        on doubtful_noes.channel in (channels.channel, '*')
),

-- what a record stands for on a channel: its addresses there, or itself where it has none
own_addresses as (
    select distinct
        contact_profiles.source_system,
        contact_profiles.contact_id,
        contact_profiles.profile_id,
        speakers.channel,
        coalesce(
            record_channel_addresses.address_key,
            {{ hash_id(['contact_profiles.source_system', 'contact_profiles.contact_id']) }}
        ) as address_key
    from speakers
    inner join contact_profiles
        on
            speakers.source_system = contact_profiles.source_system
            and speakers.contact_id = contact_profiles.contact_id
    left join record_channel_addresses
        on
            speakers.source_system = record_channel_addresses.source_system
            and speakers.contact_id = record_channel_addresses.contact_id
            and speakers.channel = record_channel_addresses.channel
    where {{ planned_once() }}
),

{% if setting('require_double_opt_in') -%}
    sides as (
        select true as is_confirmation
        union all
        select false as is_confirmation
    ),

    -- a grant is heard from its confirmation on; one that was never confirmed is noted and says nothing, and one that
    -- was confirmed before it was said is as old as its confirmation: that may have been of an earlier one
    moments as (
        select
            consents.*,
            case
                when consents.status = 'granted' and consents.double_opt_in_confirmed_at < consents.changed_at
                    then consents.double_opt_in_confirmed_at
                else consents.changed_at
            end as said_at,
            case
                when sides.is_confirmation then consents.double_opt_in_confirmed_at
                else consents.changed_at
            end as heard_at,
            case
                when consents.status <> 'granted' then 'no'
                when sides.is_confirmation or consents.double_opt_in_confirmed_at <= consents.changed_at then 'yes'
                else 'note'
            end as word
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
            changed_at as heard_at,
            case when status = 'granted' then 'yes' else 'no' end as word
        from consents
    ),
{%- endif %}

-- the address that a word names
addressed_moments as (
    select
        moments.source_system,
        moments.contact_id,
        moments.channel,
        moments.purpose,
        moments.status,
        moments.evidence_reference,
        moments.said_at,
        moments.heard_at,
        case
            when over_shared_addresses.identifier_id is not null
                then {{ hash_id(['moments.source_system', 'moments.contact_id']) }}
            else named_addresses.identifier_id
        end as named_key,
        moments.address is not null
        and named_addresses.identifier_id is null
        and channels.address_kinds not in ('post', 'app') as names_something_unreadable,
        moments.word
    from moments
    inner join channels
        on moments.channel = channels.channel
    left join named_channel_addresses as named_addresses
        on
            moments.source_system = named_addresses.source_system
            and moments.contact_id = named_addresses.contact_id
            and moments.address = named_addresses.address
            and moments.channel = named_addresses.channel
    left join over_shared_addresses
        on named_addresses.identifier_id = over_shared_addresses.identifier_id
),

consent_words as (
    select distinct
        own_addresses.profile_id,
        addressed_moments.source_system,
        addressed_moments.contact_id,
        addressed_moments.channel,
        addressed_moments.purpose,
        coalesce(addressed_moments.named_key, own_addresses.address_key) as address_key,
        -- a yes about an address that cannot be read opens nothing
        case
            when addressed_moments.word = 'yes' and addressed_moments.names_something_unreadable then 'note'
            else addressed_moments.word
        end as word,
        addressed_moments.status as reason,
        addressed_moments.evidence_reference,
        addressed_moments.said_at,
        addressed_moments.heard_at,
        addressed_moments.named_key is null as is_about_the_record,
        addressed_moments.names_something_unreadable
    from addressed_moments
    inner join own_addresses
        on
            addressed_moments.source_system = own_addresses.source_system
            and addressed_moments.contact_id = own_addresses.contact_id
            and addressed_moments.channel = own_addresses.channel
    where {{ planned_once() }}
),

-- nobody knows which address a no meant that names one which cannot be read
noes_about_something_unreadable as (
    select
        profile_id,
        source_system,
        contact_id,
        channel,
        purpose,
        address_key,
        'unreadable' as word,
        'unreadable_no' as reason,
        cast(null as string) as evidence_reference,
        said_at,
        heard_at
    from consent_words
    where
        word = 'no'
        and names_something_unreadable
),

-- a no that names no address is about what the record held when it was said
unnamed_noes as (
    select distinct
        consent_words.profile_id,
        consent_words.source_system,
        consent_words.contact_id,
        consent_words.channel,
        consent_words.purpose,
        consent_words.word,
        consent_words.reason,
        consent_words.evidence_reference,
        consent_words.said_at,
        consent_words.heard_at,
        coalesce(contacts.updated_at > consent_words.said_at, false) as was_changed_since
    from consent_words
    inner join contacts
        on
            consent_words.source_system = contacts.source_system
            and consent_words.contact_id = contacts.contact_id
    where
        consent_words.word = 'no'
        and consent_words.is_about_the_record
),

-- and so is one that could not be read; besides the record's own addresses it is no more than a stop
unreadable_stops as (
    select distinct
        contact_profiles.profile_id,
        contact_profiles.source_system,
        contact_profiles.contact_id,
        channels.channel,
        doubtful_noes.purpose,
        'stop' as word,
        'unreadable_no' as reason,
        cast(null as string) as evidence_reference,
        doubtful_noes.said_at,
        doubtful_noes.heard_at,
        coalesce(contacts.updated_at > doubtful_noes.said_at, false) as was_changed_since
    from doubtful_noes
    inner join contact_profiles
        on
            doubtful_noes.source_system = contact_profiles.source_system
            and doubtful_noes.contact_id = contact_profiles.contact_id
    inner join contacts
        on
            contact_profiles.source_system = contacts.source_system
            and contact_profiles.contact_id = contacts.contact_id
    inner join channels
        on doubtful_noes.channel in (channels.channel, '*')
    where
        doubtful_noes.is_of_the_record
        and doubtful_noes.said_at = doubtful_noes.heard_at
        and not coalesce({{ list_holds('channels.address_kinds', 'doubtful_noes.named_kind') }}, false)
),

noes_of_the_record as (
    select * from stops
    union all
    select * from unnamed_noes
    union all
    select * from unreadable_stops
),

-- before a record was first seen nobody looked: what it held then, it may always have held
seen_addresses as (
    select
        source_system,
        contact_id,
        address_kind,
        address_id,
        first_as_of_date,
        first_as_of_date = min(first_as_of_date) over (
            partition by source_system, contact_id
        ) as is_as_old_as_the_record
    from contact_address_history
),

-- most records hold what they always held: what is left here is little
left_addresses as (
    select
        seen_addresses.source_system,
        seen_addresses.contact_id,
        channel_kinds.channel,
        case
            when over_shared_addresses.identifier_id is not null
                then {{ hash_id(['seen_addresses.source_system', 'seen_addresses.contact_id']) }}
            else seen_addresses.address_id
        end as address_key,
        seen_addresses.first_as_of_date,
        seen_addresses.is_as_old_as_the_record
    from seen_addresses
    {{ anti_join() }} record_addresses
        on
            seen_addresses.source_system = record_addresses.source_system
            and seen_addresses.contact_id = record_addresses.contact_id
            and seen_addresses.address_id = record_addresses.identifier_id
    inner join channel_kinds
        on seen_addresses.address_kind = channel_kinds.address_kind
    left join over_shared_addresses
        on seen_addresses.address_id = over_shared_addresses.identifier_id
),

-- where each record speaks for itself it does so today as well
former_addresses as (
    select
        left_addresses.source_system,
        left_addresses.contact_id,
        left_addresses.channel,
        left_addresses.address_key,
        min(left_addresses.first_as_of_date) as first_as_of_date,
        max(case when left_addresses.is_as_old_as_the_record then 1 else 0 end) = 1 as is_as_old_as_the_record
    from left_addresses
    {{ anti_join() }} own_addresses
        on
            left_addresses.source_system = own_addresses.source_system
            and left_addresses.contact_id = own_addresses.contact_id
            and left_addresses.channel = own_addresses.channel
            and left_addresses.address_key = own_addresses.address_key
    group by
        left_addresses.source_system,
        left_addresses.contact_id,
        left_addresses.channel,
        left_addresses.address_key
),

-- what was refused at what the record held before: at what it was seen with, and where it was changed since, at an
-- address that nobody knows any more
former_words as (
    select
        noes_of_the_record.*,
        former_addresses.address_key
    from noes_of_the_record
    inner join former_addresses
        on
            noes_of_the_record.source_system = former_addresses.source_system
            and noes_of_the_record.contact_id = former_addresses.contact_id
            and noes_of_the_record.channel = former_addresses.channel
    where
        former_addresses.is_as_old_as_the_record
        or former_addresses.first_as_of_date <= {{ local_date('noes_of_the_record.said_at') }}
    union all
    select
        noes_of_the_record.*,
        {{ hash_id(["'formerly'", 'noes_of_the_record.source_system', 'noes_of_the_record.contact_id']) }}
            as address_key
    from noes_of_the_record
    inner join channels
        on noes_of_the_record.channel = channels.channel
    where
        noes_of_the_record.was_changed_since
        and channels.address_kinds not in ('post', 'app')
),

stop_words as (
    select
        stops.*,
        own_addresses.address_key
    from stops
    inner join own_addresses
        on
            stops.source_system = own_addresses.source_system
            and stops.contact_id = own_addresses.contact_id
            and stops.channel = own_addresses.channel
),

unreadable_words as (
    select distinct
        own_addresses.profile_id,
        own_addresses.source_system,
        own_addresses.contact_id,
        own_addresses.channel,
        doubtful_noes.purpose,
        case
            when
                not doubtful_noes.is_over_shared
                and {{ list_holds('channels.address_kinds', 'doubtful_noes.named_kind') }}
                then doubtful_noes.named_id
            else own_addresses.address_key
        end as address_key,
        'unreadable' as word,
        'unreadable_no' as reason,
        cast(null as string) as evidence_reference,
        doubtful_noes.said_at,
        doubtful_noes.heard_at
    from doubtful_noes
    inner join own_addresses
        on
            doubtful_noes.source_system = own_addresses.source_system
            and doubtful_noes.contact_id = own_addresses.contact_id
            and doubtful_noes.channel in (own_addresses.channel, '*')
    inner join channels
        on own_addresses.channel = channels.channel
    where not doubtful_noes.is_of_the_person
),

-- what a record said that is nobody's today is a no of the person whose it was, like any: about the address that it
-- names, else about one that nobody knows any more. Where the purpose, or any time at all, cannot be read it is a stop
words_of_people as (
    select distinct
        contact_profiles.profile_id,
        doubtful_noes.source_system,
        doubtful_noes.contact_id,
        channels.channel,
        doubtful_noes.purpose,
        case
            when
                not doubtful_noes.is_over_shared
                and {{ list_holds('channels.address_kinds', 'doubtful_noes.named_kind') }}
                then doubtful_noes.named_id
            else {{ hash_id(["'formerly'", 'doubtful_noes.source_system', 'doubtful_noes.contact_id']) }}
        end as address_key,
        case
            when doubtful_noes.purpose = '*' or doubtful_noes.said_at <> doubtful_noes.heard_at then 'stop'
            else 'no'
        end as word,
        case
            when doubtful_noes.purpose = '*' or doubtful_noes.said_at <> doubtful_noes.heard_at then 'unreadable_no'
            else 'withdrawn'
        end as reason,
        cast(null as string) as evidence_reference,
        doubtful_noes.said_at,
        doubtful_noes.heard_at
    from doubtful_noes
    inner join contact_profiles
        on
            doubtful_noes.source_system = contact_profiles.source_system
            and doubtful_noes.contact_id = contact_profiles.contact_id
    inner join channels
        on doubtful_noes.channel in (channels.channel, '*')
    where doubtful_noes.is_of_the_person
),

words as (
    {% for words in [
        'consent_words', 'noes_about_something_unreadable', 'stop_words', 'former_words', 'unreadable_words',
        'words_of_people',
    ] -%}
        select
            profile_id,
            {{ word_columns | join(',\n            ') }}
        from {{ words }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select distinct
    profile_id,
    {{ word_columns | join(',\n    ') }}
from words
