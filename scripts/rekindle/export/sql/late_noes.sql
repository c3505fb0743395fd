{#
  Who said no after the publication, and what that closes. Whatever is not a word the contract knows counts as a no, and for
  every channel or purpose when it cannot be read which.

  late_noes     one row per no and person it concerns; profile_id is null when that is nobody in today's audiences, at_address
                is filled when it concerns the person at that address only
  late_closed   permissions that do not hold any more
-#}
{%- macro one_of(column, words) -%}
    coalesce(case when lower({{ column }}) in ({% for word in words %}'{{ word }}'{{ ', ' if not loop.last }}{% endfor %}) then lower({{ column }}) end, '*')
{%- endmacro -%}

{#- without a system it may be any record of that id -#}
{%- macro of_record(relation) -%}
    {{ relation }}.contact_id = contacts.contact_id and coalesce({{ relation }}.source_system, contacts.source_system) = contacts.source_system
{%- endmacro -%}

{#- a moment nobody can believe is no moment: such a no counts whatever was said since -#}
{%- macro readable(column) -%}
    case when try_cast({{ column }} as timestamptz) >= timestamptz '{{ earliest }} 00:00:00+00' then cast(try_cast({{ column }} as timestamptz) as timestamp) end
{%- endmacro -%}

create temp table late_noes as
with

consents as (
    select
        input_consents.source_system,
        input_consents.contact_id,
        {{ one_of('channel', contract_lists.channel) }} as channel,
        {{ one_of('purpose', contract_lists.purpose) }} as purpose,
        spelled_addresses.spelled as address,
        {{ readable('changed_at') }} as said_at,
        coalesce(lower(status) in ('denied', 'withdrawn'), false)
        and {{ one_of('channel', contract_lists.channel) }} <> '*'
        and {{ one_of('purpose', contract_lists.purpose) }} <> '*'
        and (input_consents.address is null or spelled_addresses.spelled is not null) as is_readable
    from input_consents
    left join spelled_addresses on input_consents.address = spelled_addresses.address
    where lower(status) is distinct from 'granted'
),

stops as (
    select
        message_id,
        {{ readable('occurred_at') }} as said_at,
        coalesce(lower(event_type) in ('unsubscribed', 'complained'), false) as is_readable
    from input_message_events
    where lower(event_type) is null or lower(event_type) not in ({% for event in harmless %}'{{ event }}'{{ ', ' if not loop.last }}{% endfor %})
),

said as (
    select
        row_number() over () as no_id,
        *
    from (
        select source_system, contact_id, null as message_id, channel, purpose, address, said_at, is_readable, false as is_erasure
        from consents
        union all
        select null, null, message_id, '*', '*', null, said_at, is_readable, false
        from stops
        union all
        select source_system, contact_id, null, '*', '*', null, null, true, true
        from input_erasure_requests
    )
),

messages as (
    select message_id, profile_id, channel
    from activation.audiences.audience_messages
    where message_id in (select message_id from said)
    union
    select input_messages.message_id, contacts.profile_id, {{ one_of('input_messages.channel', contract_lists.channel) }}
    from input_messages
    inner join activation.audiences.audience_contacts as contacts
        on {{ of_record('input_messages') }}
),

of_records as (
    select said.no_id, contacts.profile_id, said.channel
    from said
    inner join activation.audiences.audience_contacts as contacts
        on {{ of_record('said') }}
    union
    select said.no_id, messages.profile_id, messages.channel
    from said
    inner join messages on said.message_id = messages.message_id
),

held_addresses as (
    select profile_id, address
    from activation.audiences.audience_permissions
    where address is not null
    union
    select profile_id, address
    from activation.audiences.audience_shared_addresses
),

{# the file does not tell which address a record has: any of its person's may be the one that this no is about -#}
own_addresses as (
    select distinct of_records.no_id, of_records.profile_id, of_records.channel, said.purpose, held_addresses.address
    from of_records
    inner join said on of_records.no_id = said.no_id
    inner join held_addresses on of_records.profile_id = held_addresses.profile_id
    where said.address is null and not said.is_erasure
),

{# at a switchboard everybody speaks for herself; that more records hold it than people may be written to is not told -#}
switchboards as (
    select address
    from activation.audiences.audience_permissions
    where address in (select address from own_addresses)
    group by address
    having count(distinct profile_id) > {{ max_sharers }}
),

{# two people at one address share its noes there, and nowhere else -#}
of_people as (
    select no_id, profile_id, channel, null as purpose, null as at_address
    from of_records
    union
    select said.no_id, permissions.profile_id, said.channel, null, null
    from said
    inner join activation.audiences.audience_permissions as permissions on said.address = permissions.address
    union
    select own_addresses.no_id, permissions.profile_id, permissions.channel, permissions.purpose, permissions.address
    from own_addresses
    inner join activation.audiences.audience_permissions as permissions
        on
            own_addresses.address = permissions.address
            and own_addresses.profile_id <> permissions.profile_id
            and own_addresses.channel in ('*', permissions.channel)
            and own_addresses.purpose in ('*', permissions.purpose)
    where own_addresses.address not in (select address from switchboards)
)

select
    said.no_id,
    of_people.profile_id,
    coalesce(of_people.channel, said.channel) as channel,
    coalesce(of_people.purpose, said.purpose) as purpose,
    said.address,
    of_people.at_address,
    said.said_at,
    said.is_readable,
    said.is_erasure
from said
left join of_people on said.no_id = of_people.no_id;

{#
  A later yes lifts a no: at the address it was about altogether, elsewhere for that other address, when it could be read. One
  that could not be read is lifted at the very address only, and of whoever has several records nobody knows which that is. A
  request to be forgotten has no moment that a yes could be later than.
-#}
create temp table late_closed as
with records as (
    select profile_id, count(*) as record_count
    from activation.audiences.audience_contacts
    where profile_id in (select profile_id from late_noes)
    group by profile_id
),

concerned as (
    select
        permissions.*,
        late_noes.no_id,
        late_noes.address as named_address,
        late_noes.is_readable,
        late_noes.at_address is null and records.record_count > 1 as is_of_one_of_several,
        coalesce(permissions.consented_at > late_noes.said_at, false) as is_later
    from activation.audiences.audience_permissions as permissions
    inner join late_noes
        on
            permissions.profile_id = late_noes.profile_id
            and late_noes.channel in ('*', permissions.channel)
            and late_noes.purpose in ('*', permissions.purpose)
            and coalesce(late_noes.at_address = permissions.address, late_noes.at_address is null)
    left join records on permissions.profile_id = records.profile_id
),

weighed as (
    select
        *,
        bool_or(is_later and coalesce(address = named_address, false)) over (partition by no_id, profile_id, channel, purpose) as is_lifted
    from concerned
)

select distinct profile_id, channel, purpose, address_kind, address
from weighed
where
    not is_lifted
    and (not is_later or (not is_readable and (named_address is not null or coalesce(is_of_one_of_several, false))));
