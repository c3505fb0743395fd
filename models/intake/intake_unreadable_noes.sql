{{ config(materialized='table') }}
-- Rejected rows that could have been a no, noes to a message id that several messages share, wishes to be forgotten: as
-- far as they can be read, without values. Nobody is written to because a no could not be read.
with

consents as (
    select * from {{ judged_input('consents') }} as input_rows
),

valid_consents as (
    select * from {{ ref('intake_consents') }}
),

message_events as (
    select * from {{ judged_input('message_events') }} as input_rows
),

valid_message_events as (
    select * from {{ ref('intake_message_events') }}
),

messages as (
    select * from {{ judged_input('messages') }} as input_rows
),

shared_message_ids as (
    select * from {{ ref('intake_shared_message_ids') }}
),

erasure_requests as (
    select * from {{ judged_input('erasure_requests') }} as input_rows
),

own_erasure_requests as (
    select * from {{ source('landing', 'erasure_requests') }}
),

rejected_addresses as (
    select * from {{ ref('intake_rejected_addresses') }}
),

contacts as (
    select * from {{ ref('input_contacts') }}
),

erased_contacts as (
    select * from {{ ref('intake_erased_contacts') }}
),

-- whatever does not say yes may have said no; a row that could only be a yes stays rejected
doubtful_consents as (
    select
        consents.*,
        {{ hash_id(["'address'", 'consents.address']) }} as named_address_hash,
        case
            when consents.channel in ('{{ contract_lists().channel | join("', '") }}') then consents.channel
        end as readable_channel,
        case
            when consents.purpose in ('{{ contract_lists().purpose | join("', '") }}') then consents.purpose
        end as readable_purpose,
        {{ readable_stamp('consents.changed_at', 'consents.extracted_at') }} as readable_at
    from consents
    where coalesce(lower(trim(consents.status)), '') <> 'granted'
),

unreadable_consents as (
    select doubtful_consents.*
    from doubtful_consents
    {{ anti_join() }} valid_consents
        on
            doubtful_consents.source_system = valid_consents.source_system
            and doubtful_consents.contact_id = valid_consents.contact_id
            and doubtful_consents.channel = valid_consents.channel
            and doubtful_consents.purpose = valid_consents.purpose
            and doubtful_consents.status = valid_consents.status
            and doubtful_consents.changed_at = valid_consents.changed_at
            and coalesce(doubtful_consents.address, '') = coalesce(valid_consents.address, '')
),

doubtful_events as (
    select
        message_events.*,
        {{ readable_stamp('message_events.occurred_at', 'message_events.extracted_at') }} as readable_at
    from message_events
    where {{ may_be_a_no('message_events.event_type') }}
),

unreadable_events as (
    select doubtful_events.*
    from doubtful_events
    {{ anti_join() }} valid_message_events
        on
            doubtful_events.message_id = valid_message_events.message_id
            and doubtful_events.event_type = valid_message_events.event_type
            and doubtful_events.occurred_at = valid_message_events.occurred_at
    where {{ planned_once() }}
),

{{ spellings() }},

named_messages as (
    select distinct
        case
            when ways.way = 'meant' then {{ meant_id('unreadable_events.message_id') }}
            else unreadable_events.message_id
        end as named_message_id,
        unreadable_events.message_id,
        unreadable_events.readable_at,
        unreadable_events.extracted_at
    from unreadable_events
    cross join ways
    where ways.way in ('written', 'meant')
),

-- the message may have been rejected itself: what it says of contact and channel still tells who may have said no
answers_to_messages as (
    select
        named_messages.message_id,
        messages.source_system,
        messages.contact_id,
        messages.channel,
        {{ readable_stamp('messages.sent_at', 'messages.extracted_at') }} as sent_at,
        named_messages.readable_at,
        named_messages.extracted_at
    from named_messages
    inner join messages
        on named_messages.named_message_id = messages.message_id
),

answers_to_nothing as (
    select unreadable_events.*
    from unreadable_events
    {{ anti_join() }} answers_to_messages
        on unreadable_events.message_id = answers_to_messages.message_id
),

all_answers as (
    select * from answers_to_messages
    union all
    select
        message_id,
        cast(null as string) as source_system,
        cast(null as string) as contact_id,
        cast(null as string) as channel,
        cast(null as timestamp) as sent_at,
        readable_at,
        extracted_at
    from answers_to_nothing
    union all
    select
        shared_message_ids.message_id,
        shared_message_ids.source_system,
        shared_message_ids.contact_id,
        shared_message_ids.channel,
        shared_message_ids.sent_at,
        valid_message_events.occurred_at as readable_at,
        valid_message_events.extracted_at
    from valid_message_events
    inner join shared_message_ids
        on valid_message_events.message_id = shared_message_ids.message_id
    where valid_message_events.event_type in ('unsubscribed', 'complained')
),

answers as (
    select
        message_id,
        source_system,
        contact_id,
        channel,
        {{ answered_at('readable_at', 'sent_at') }} as readable_at,
        {{ answered_at('extracted_at', 'sent_at') }} as extracted_at
    from all_answers
),

-- a wish to be forgotten of a record that is nobody's says no for its addresses, as its withdrawal would
requests as (
    select
        source_system,
        contact_id,
        {{ readable_stamp('requested_at', 'extracted_at') }} as readable_at,
        extracted_at
    from erasure_requests
    where contact_id is not null
    union all
    select
        source_system,
        contact_id,
        requested_at as readable_at,
        requested_at as extracted_at
    from own_erasure_requests
),

noes as (
    select
        'consents' as entity,
        source_system,
        contact_id,
        cast(null as string) as message_id,
        readable_channel as channel,
        readable_purpose as purpose,
        named_address_hash,
        readable_at,
        extracted_at
    from unreadable_consents
    where {{ planned_once() }}
    union all
    select
        'message_events' as entity,
        source_system,
        contact_id,
        message_id,
        case when channel in ('{{ contract_lists().channel | join("', '") }}') then channel end as channel,
        cast(null as string) as purpose,
        cast(null as string) as named_address_hash,
        readable_at,
        extracted_at
    from answers
    union all
    select
        'erasure_requests' as entity,
        source_system,
        contact_id,
        cast(null as string) as message_id,
        cast(null as string) as channel,
        cast(null as string) as purpose,
        cast(null as string) as named_address_hash,
        readable_at,
        extracted_at
    from requests
),

-- an id with white space around it is somebody's, too, who has it without; and a system has one name, however it is
-- spelled: nobody is written to because of a blank or a capital
named_noes as (
    {{ each_spelling('noes', [
        'entity', 'message_id', 'channel', 'purpose', 'named_address_hash', 'readable_at', 'extracted_at',
        'source_system as written_system', 'contact_id as written_contact_id',
    ]) }}
),

-- what an erased person said under another spelling of her ids goes with her, unless that is a record of its own
noes_of_erased as (
    select distinct
        named_noes.written_contact_id,
        named_noes.written_system
    from named_noes
    inner join erased_contacts
        on
            named_noes.source_system = erased_contacts.source_system
            and named_noes.contact_id = erased_contacts.contact_id
    {{ anti_join() }} contacts
        on
            named_noes.written_system = contacts.source_system
            and named_noes.written_contact_id = contacts.contact_id
),

noes_that_stay as (
    select named_noes.*
    from named_noes
    {{ anti_join() }} noes_of_erased
        on
            named_noes.written_system = noes_of_erased.written_system
            and named_noes.written_contact_id = noes_of_erased.written_contact_id
),

-- a record that was rejected itself speaks for its addresses
noes_of_rejected_records as (
    select
        noes_that_stay.source_system,
        noes_that_stay.contact_id,
        noes_that_stay.entity,
        noes_that_stay.message_id,
        noes_that_stay.channel,
        noes_that_stay.purpose,
        {{ hash_id(["'address'", 'rejected_addresses.address']) }} as named_address_hash,
        noes_that_stay.readable_at,
        noes_that_stay.extracted_at,
        noes_that_stay.written_system,
        noes_that_stay.written_contact_id
    from noes_that_stay
    inner join rejected_addresses
        on
            noes_that_stay.source_system = rejected_addresses.source_system
            and noes_that_stay.contact_id = rejected_addresses.contact_id
    where noes_that_stay.named_address_hash is null
),

all_noes as (
    select * from noes_that_stay
    union all
    select * from noes_of_rejected_records
)

select distinct
    entity,
    source_system,
    contact_id,
    message_id,
    channel,
    purpose,
    named_address_hash,
    written_system,
    written_contact_id,
    readable_at is not null as has_readable_stamp,
    coalesce(readable_at, extracted_at) as said_at
from all_noes
