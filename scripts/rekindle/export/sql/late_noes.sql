{#
  Who said no after the publication, and what that closes: whoever a build would close, and in doubt more. Whatever is not a
  word the contract knows, letter by letter, counts as a no, and for every channel or purpose when it cannot be read which.

  late_noes     one row per no and person it concerns, row_id says which row it was; profile_id is null when that is nobody in
                today's audiences, at_address is filled when it concerns the person at that address only
  late_closed   permissions that do not hold any more

  Addresses are compared as digests: of those that people held before nothing else is kept.
-#}
{%- macro one_of(column, words) -%}
    coalesce(case when {{ column }} in ({% for word in words %}'{{ word }}'{{ ', ' if not loop.last }}{% endfor %}) then {{ column }} end, '*')
{%- endmacro -%}

{#- without a system it may be any record of that id -#}
{%- macro of_record(said, record) -%}
    {{ said }}.contact_id = {{ record }}.contact_id
    and coalesce({{ said }}.source_system, {{ record }}.source_system) = {{ record }}.source_system
{%- endmacro -%}

{#- a moment nobody can believe, one to come too, or a build could not read, is no moment: such a no counts whatever was said
    since. A date alone is the end of its day: at which hour it was, nobody knows -#}
{%- macro readable(column) -%}
    {%- set moment = rule('utc_unless_zoned', column) -%}
    case
        when {{ moment }} not between timestamp '{{ earliest }} 00:00:00' and timestamp '{{ now }}' then null
        when {{ column }} like '%:%' then {{ moment }}
        else {{ rule('local_to_utc', "date_trunc('day', " ~ moment ~ ") + interval 1 day", business_zone) }}
    end
{%- endmacro -%}

create temp view late_permissions as
select *, case when address is not null then {{ rule('hash_id', ['address_kind', 'address']) }} end as address_id
from activation.audiences.audience_permissions;

create temp table late_noes as
with

{# which kinds of address a channel reaches people at -#}
channel_kinds as (
    select distinct channel, address_kind
    from late_permissions
),

{# a retailer has a handful of systems, each of one name, however it is spelled -#}
systems as (
    select source_system, {{ rule('folded_name', 'source_system') }} as folded_system
    from (
        select source_system from activation.audiences.audience_contacts
        union
        select source_system from activation.audiences.audience_unknown_records
        union
        select source_system from activation.audiences.audience_former_records
        union
        select source_system from activation.audiences.audience_unknown_people
    )
    where source_system <> ''
),

named_addresses as (
    select
        address,
        country_code,
        case when spelled like '%@%' then 'email' else 'phone' end as address_kind,
        {{ rule('hash_id', ['address_kind', 'spelled']) }} as address_id
    from spelled_addresses
    {# behind an extension is another person than behind the switchboard -#}
    where spelled not like '%;ext=%'
),

consent_rows as (
    select row_number() over () as row_number, *
    from input_consents
    where lower(trim(status)) is distinct from 'granted'
),

records_in_so_many_letters as (
    select consent_rows.row_number, {{ country_of_contact }} as country_code
    from consent_rows
    inner join activation.audiences.audience_contacts as contacts
        on consent_rows.source_system = contacts.source_system and consent_rows.contact_id = contacts.contact_id
),

{# a number is read with the country of its record; where nobody knows that record, with each that there is -#}
countries as (
    select row_number, country_code
    from records_in_so_many_letters
    union
    select consent_rows.row_number, named_addresses.country_code
    from consent_rows
    inner join named_addresses on consent_rows.address = named_addresses.address
    where
        named_addresses.address_kind = 'email'
        or consent_rows.row_number not in (select row_number from records_in_so_many_letters)
),

readings as (
    select distinct consent_rows.row_number, named_addresses.address_id, named_addresses.address_kind
    from consent_rows
    inner join named_addresses on consent_rows.address = named_addresses.address
    inner join countries
        on
            consent_rows.row_number = countries.row_number
            and named_addresses.country_code = countries.country_code
),

{# a number that may be several is several noes of one row -#}
consents as (
    select
        'consent ' || consent_rows.row_number as row_id,
        consent_rows.source_system,
        consent_rows.contact_id,
        {{ one_of('consent_rows.channel', contract_lists.channel) }} as channel,
        {{ one_of('consent_rows.purpose', contract_lists.purpose) }} as purpose,
        readings.address_id,
        readings.address_kind,
        {{ readable('consent_rows.changed_at') }} as said_at,
        coalesce(consent_rows.status in ('denied', 'withdrawn'), false)
        and {{ one_of('consent_rows.channel', contract_lists.channel) }} <> '*'
        and {{ one_of('consent_rows.purpose', contract_lists.purpose) }} <> '*'
        and (consent_rows.address is null or channel_kinds.channel is not null)
        and coalesce({{ rule('meant_id', 'consent_rows.contact_id') }} = consent_rows.contact_id, false)
        and coalesce({{ rule('meant_id', 'consent_rows.source_system') }} = consent_rows.source_system, false)
        and (
            consent_rows.source_system in (select source_system from systems)
            or coalesce({{ rule('folded_name', 'consent_rows.source_system') }} not in (select folded_system from systems), false)
        ) as is_readable
    from consent_rows
    left join readings on consent_rows.row_number = readings.row_number
    left join channel_kinds
        on consent_rows.channel = channel_kinds.channel and readings.address_kind = channel_kinds.address_kind
),

{# a build rejects a message whose record is not known in so many letters -#}
messages_of_nobody as (
    select input_messages.message_id
    from input_messages
    left join activation.audiences.audience_contacts as contacts
        on input_messages.source_system = contacts.source_system and input_messages.contact_id = contacts.contact_id
    where input_messages.message_id is not null and contacts.contact_id is null
),

events as (
    select
        'event ' || row_number() over () as row_id,
        message_id,
        event_type,
        {{ readable('occurred_at') }} as stamped_at
    from input_message_events
    where {{ rule('may_be_a_no', 'event_type') }}
),

sent_messages as (
    select message_id, {{ readable('sent_at') }} as sent_at
    from input_messages
    union all
    select message_id, sent_at
    from activation.audiences.audience_messages
    union all
    select message_id, sent_at
    from activation.audiences.audience_doubted_messages
),

{# of messages that share an id, the last one -#}
answered_messages as (
    select named_events.row_id, max(sent_messages.sent_at) as sent_at
    from (
        select row_id, message_id
        from events
        union
        select row_id, {{ rule('meant_id', 'message_id') }}
        from events
    ) as named_events
    inner join sent_messages on named_events.message_id = sent_messages.message_id
    group by named_events.row_id
),

stops as (
    select
        events.row_id,
        message_id,
        {{ rule('answered_at', 'stamped_at', 'sent_at') }} as said_at,
        coalesce(
            event_type in ('unsubscribed', 'complained')
            and {{ rule('meant_id', 'message_id') }} = message_id
            and message_id not in (select message_id from activation.audiences.audience_doubted_messages)
            and message_id not in (select message_id from messages_of_nobody),
            false
        ) as is_readable
    from events
    left join answered_messages on events.row_id = answered_messages.row_id
),

said as (
    select
        row_number() over () as no_id,
        *
    from (
        select
            row_id, source_system, contact_id, null as message_id, channel, purpose, address_id, address_kind, said_at, is_readable,
            false as is_erasure
        from consents
        union all
        select row_id, null, null, message_id, '*', '*', null, null, said_at, is_readable, false
        from stops
        union all
        select 'request ' || row_number() over (), source_system, contact_id, null, '*', '*', null, null, null, true, true
        from input_erasure_requests
    )
),

{# messages of which the publication does not say to which person they went, only to which record -#}
messages as (
    select message_id, source_system, contact_id, channel
    from input_messages
    union
    select message_id, source_system, contact_id, channel
    from activation.audiences.audience_doubted_messages
),

{# a late file may have been made by hand: an id is meant as it stands there, and without white space around it, and a
   system however it is spelled -#}
named_messages as (
    select no_id, message_id
    from said
    where message_id is not null
    union
    select no_id, {{ rule('meant_id', 'message_id') }}
    from said
    where message_id is not null
),

records as (
    select no_id, source_system, contact_id, channel
    from said
    where message_id is null
    union
    select named_messages.no_id, messages.source_system, messages.contact_id, {{ one_of('messages.channel', contract_lists.channel) }}
    from named_messages
    inner join messages on named_messages.message_id = messages.message_id
),

named_records as (
    select no_id, source_system, contact_id, channel
    from records
    union
    select no_id, {{ rule('meant_id', 'source_system') }}, {{ rule('meant_id', 'contact_id') }}, channel
    from records
    union
    select records.no_id, systems.source_system, {{ rule('meant_id', 'records.contact_id') }}, records.channel
    from records
    inner join systems on {{ rule('folded_name', 'records.source_system') }} = systems.folded_system
),

of_records as (
    select named_records.no_id, contacts.profile_id, named_records.channel
    from named_records
    inner join activation.audiences.audience_contacts as contacts
        on {{ of_record('named_records', 'contacts') }}
    union
    {# a wish to be forgotten is of whose a record was that is gone: shops delete a record and send its wish -#}
    select named_records.no_id, former_records.profile_id, named_records.channel
    from named_records
    inner join said on named_records.no_id = said.no_id
    inner join activation.audiences.audience_former_records as former_records
        on {{ of_record('named_records', 'former_records') }}
    where said.is_erasure
    union
    select named_messages.no_id, messages.profile_id, messages.channel
    from named_messages
    inner join activation.audiences.audience_messages as messages on named_messages.message_id = messages.message_id
),

{# a record that is nobody's today speaks for the person whose it was; the day is a local one -#}
of_unknown as (
    select named_records.no_id, unknown_people.profile_id, named_records.channel
    from named_records
    inner join said on named_records.no_id = said.no_id
    inner join activation.audiences.audience_unknown_people as unknown_people
        on
            named_records.contact_id = unknown_people.contact_id
            {# of a link that names no system it may be any that nobody is known by -#}
            and (
                unknown_people.source_system = coalesce(named_records.source_system, unknown_people.source_system)
                or unknown_people.source_system = '' and named_records.no_id not in (select no_id from of_records)
            )
    where
        said.said_at is null
        or unknown_people.apart_since_date is null
        or cast(said.said_at as date) <= unknown_people.apart_since_date + 1
),

{# the addresses that a no is about: the one it names, else those that a record which is nobody's was seen with. Of a record
   that nobody knows, or of a word that nobody can read, it may be the no of each who holds or held one; so may its wish to be
   forgotten, which of whoever is known says nothing about an address -#}
meant_addresses as (
    select
        no_id,
        channel,
        address_id,
        address_kind,
        is_readable and no_id in (select no_id from of_records) as is_certain
    from said
    where address_id is not null
    union all
    select named_records.no_id, named_records.channel, unknown_records.address_id, unknown_records.address_kind, false
    from named_records
    inner join said on named_records.no_id = said.no_id
    inner join activation.audiences.audience_unknown_records as unknown_records
        on {{ of_record('named_records', 'unknown_records') }}
    where said.address_id is null
),

of_addresses as (
    select
        meant_addresses.*,
        held_addresses.profile_id
    from meant_addresses
    inner join activation.audiences.audience_held_addresses as held_addresses
        on meant_addresses.address_id = held_addresses.address_id
    where
        not meant_addresses.is_certain
        or exists (
            select 1
            from late_permissions
            where
                late_permissions.profile_id = held_addresses.profile_id
                and late_permissions.address_id = meant_addresses.address_id
        )
),

{# before a split they were one person; the day is a local one -#}
of_siblings as (
    select concerned.no_id, siblings.profile_id, concerned.channel, concerned.address_id, concerned.is_readable
    from (
        select of_records.no_id, of_records.profile_id, of_records.channel, said.address_id, said.is_readable
        from of_records
        inner join said on of_records.no_id = said.no_id
        where not said.is_erasure
        union
        select of_unknown.no_id, of_unknown.profile_id, of_unknown.channel, said.address_id, true
        from of_unknown
        inner join said on of_unknown.no_id = said.no_id
        union
        select no_id, profile_id, channel, address_id, false
        from of_addresses
        where not is_certain
    ) as concerned
    inner join said on concerned.no_id = said.no_id
    inner join activation.audiences.audience_siblings as siblings
        on concerned.profile_id = siblings.sibling_profile_id
    where said.said_at is null or cast(said.said_at as date) <= siblings.split_as_of_date + 1
),

{# the file does not tell which address a record has: any that its person holds or held may be the one that this no is about.
   One that names an address of a kind that its channel does not use is about theirs, too -#}
speakers as (
    select of_records.no_id, of_records.profile_id, of_records.channel, said.address_kind
    from of_records
    inner join said on of_records.no_id = said.no_id
    where not said.is_erasure and (said.address_id is null or not said.is_readable)
    union
    select no_id, profile_id, channel, address_kind
    from of_addresses
    where not is_certain
),

{# at a switchboard everybody speaks for herself -#}
own_addresses as (
    select distinct speakers.no_id, speakers.profile_id, speakers.channel, said.purpose, held_addresses.address_id
    from speakers
    inner join said on speakers.no_id = said.no_id
    inner join activation.audiences.audience_held_addresses as held_addresses
        on speakers.profile_id = held_addresses.profile_id
    where
        not held_addresses.is_over_shared
        and held_addresses.address_kind is distinct from speakers.address_kind
),

{# two people at one address share its noes there, and nowhere else -#}
of_people as (
    select
        of_records.no_id,
        of_records.profile_id,
        of_records.channel,
        null as purpose,
        said.address_id,
        null as at_address,
        said.is_readable,
        false as is_of_sibling,
        said.is_erasure
    from of_records
    inner join said on of_records.no_id = said.no_id
    union
    select of_unknown.no_id, of_unknown.profile_id, of_unknown.channel, null, said.address_id, null, true, false, false
    from of_unknown
    inner join said on of_unknown.no_id = said.no_id
    union
    select no_id, profile_id, channel, null, address_id, null, is_readable, true, false
    from of_siblings
    union
    select no_id, profile_id, channel, null, address_id, null, is_certain, false, false
    from of_addresses
    union
    select
        own_addresses.no_id, permissions.profile_id, permissions.channel, permissions.purpose, null, permissions.address_id, true, false,
        false
    from own_addresses
    inner join late_permissions as permissions
        on
            own_addresses.address_id = permissions.address_id
            and own_addresses.profile_id <> permissions.profile_id
            and own_addresses.channel in ('*', permissions.channel)
            and own_addresses.purpose in ('*', permissions.purpose)
)

select
    said.row_id,
    said.no_id,
    of_people.profile_id,
    coalesce(of_people.channel, said.channel) as channel,
    coalesce(of_people.purpose, said.purpose) as purpose,
    of_people.address_id,
    of_people.at_address,
    said.said_at,
    of_people.is_readable,
    of_people.is_of_sibling,
    {# to be forgotten is whose record asked, not who shares an address with it -#}
    coalesce(of_people.is_erasure, said.is_erasure) as is_erasure
from said
left join of_people on said.no_id = of_people.no_id;

{#
  A later yes lifts a no: at the address it was about altogether, elsewhere for that other address, when it could be read. One
  that could not be read is lifted at the very address only, and of whoever has several records, or several kinds of address
  on the channel, nobody knows which that is. A request to be forgotten has no moment that a yes could be later than.
-#}
create temp table late_closed as
with

records as (
    select profile_id, count(*) as record_count
    from activation.audiences.audience_contacts
    where profile_id in (select profile_id from late_noes)
    group by profile_id
),

kinds as (
    select held_addresses.profile_id, channel_kinds.channel, count(distinct held_addresses.address_kind) as kind_count
    from activation.audiences.audience_held_addresses as held_addresses
    inner join (select distinct channel, address_kind from late_permissions) as channel_kinds
        on held_addresses.address_kind = channel_kinds.address_kind
    where held_addresses.profile_id in (select profile_id from late_noes)
    group by held_addresses.profile_id, channel_kinds.channel
),

concerned as (
    select
        permissions.*,
        late_noes.no_id,
        late_noes.address_id as meant_address_id,
        late_noes.is_readable,
        late_noes.at_address is null
        and (records.record_count > 1 or kinds.kind_count > 1 or late_noes.is_of_sibling) as is_of_one_of_several,
        coalesce(permissions.consented_at > late_noes.said_at, false) as is_later
    from late_permissions as permissions
    inner join late_noes
        on
            permissions.profile_id = late_noes.profile_id
            and late_noes.channel in ('*', permissions.channel)
            and late_noes.purpose in ('*', permissions.purpose)
            and coalesce(late_noes.at_address = permissions.address_id, late_noes.at_address is null)
    left join records on permissions.profile_id = records.profile_id
    left join kinds on permissions.profile_id = kinds.profile_id and permissions.channel = kinds.channel
),

weighed as (
    select
        *,
        bool_or(is_later and coalesce(address_id = meant_address_id, false)) over (
            partition by no_id, profile_id, channel, purpose, meant_address_id
        ) as is_lifted
    from concerned
)

select distinct profile_id, channel, purpose, address_kind, address
from weighed
where
    not is_lifted
    and (not is_later or (not is_readable and (meant_address_id is not null or coalesce(is_of_one_of_several, false))));
