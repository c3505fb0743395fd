{{ config(materialized='table') }}
-- An answer may come to a message that intake did not keep: what its row says of contact and channel still tells who
-- may have given it. The same for each message of an id that several share.
with

messages as (
    select * from {{ judged_input('messages') }} as input_rows
),

valid_messages as (
    select * from {{ ref('intake_messages') }}
),

shared_message_ids as (
    select * from {{ ref('intake_shared_message_ids') }}
),

rejected_ids as (
    select distinct message_id
    from {{ ref('rejected_messages') }}
    where is_row_rejected
),

rejected_messages as (
    select
        messages.message_id,
        messages.source_system,
        messages.contact_id,
        messages.channel,
        {{ readable_stamp('messages.sent_at', 'messages.extracted_at') }} as sent_at
    from messages
    inner join rejected_ids
        on messages.message_id = rejected_ids.message_id
    {{ anti_join() }} valid_messages
        on messages.message_id = valid_messages.message_id
    where messages.contact_id is not null
),

doubted_messages as (
    select * from rejected_messages
    union all
    select
        message_id,
        source_system,
        contact_id,
        channel,
        sent_at
    from shared_message_ids
)

select
    message_id,
    source_system,
    contact_id,
    channel,
    max(sent_at) as sent_at
from doubted_messages
group by
    message_id,
    source_system,
    contact_id,
    channel
