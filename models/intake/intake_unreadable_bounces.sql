{{ config(materialized='table') }}
-- Rejected rows that say that an address is dead, as far as they can be read, without values: whose message it was, and
-- when it bounced. Nobody is written to at a dead address because of a capital or a missing stamp.
with

message_events as (
    select * from {{ judged_input('message_events') }} as input_rows
),

valid_message_events as (
    select * from {{ ref('intake_message_events') }}
),

messages as (
    select * from {{ judged_input('messages') }} as input_rows
),

contacts as (
    select * from {{ ref('input_contacts') }}
),

erased_contacts as (
    select * from {{ ref('intake_erased_contacts') }}
),

-- as noes: at its stamp, else when it was extracted
bounces as (
    select
        *,
        coalesce(
            {{ readable_stamp('occurred_at', 'extracted_at') }},
            extracted_at,
            occurred_at
        ) as bounced_at
    from message_events
    where {{ is_hard_bounce('event_type') }}
),

rejected_bounces as (
    select bounces.*
    from bounces
    {{ anti_join() }} valid_message_events
        on
            bounces.message_id = valid_message_events.message_id
            and bounces.event_type = valid_message_events.event_type
            and bounces.occurred_at = valid_message_events.occurred_at
),

{{ spellings() }},

named_bounces as (
    select distinct
        case
            when ways.way = 'meant' then {{ meant_id('rejected_bounces.message_id') }}
            else rejected_bounces.message_id
        end as message_id,
        rejected_bounces.bounced_at
    from rejected_bounces
    cross join ways
    where ways.way in ('written', 'meant')
),

-- the message may have been rejected itself: what it says of contact and channel still tells which address is dead
bounced_messages as (
    select
        messages.source_system,
        messages.contact_id,
        messages.channel,
        {{ answered_at('named_bounces.bounced_at', readable_stamp('messages.sent_at', 'messages.extracted_at')) }}
            as bounced_at
    from named_bounces
    inner join messages
        on named_bounces.message_id = messages.message_id
),

bounces_of_records as (
    {{ each_spelling('bounced_messages', ['channel', 'bounced_at as occurred_at']) }}
)

-- nor does an id with a blank bring back that of somebody who was erased
select distinct
    bounces_of_records.source_system,
    bounces_of_records.contact_id,
    bounces_of_records.channel,
    bounces_of_records.occurred_at
from bounces_of_records
{{ anti_join() }} erased_contacts
    on
        bounces_of_records.source_system = erased_contacts.source_system
        and bounces_of_records.contact_id = erased_contacts.contact_id
where
    bounces_of_records.source_system is not null
    and bounces_of_records.contact_id is not null
    and bounces_of_records.occurred_at is not null
