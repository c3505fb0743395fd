{{ config(materialized='table') }}
-- Two systems may number their messages alike. Intake keeps one copy of an id, and nobody can say which of the messages
-- an answer to it was about: it may have been each one.
with

messages as (
    select * from {{ judged_input('messages') }} as input_rows
),

repeated_ids as (
    select message_id
    from {{ ref('rejected_messages') }}
    where reason = 'duplicate_key'
),

-- the same message delivered twice is one message
records as (
    select
        messages.message_id,
        messages.source_system,
        messages.contact_id,
        messages.channel,
        max({{ readable_stamp('messages.sent_at', 'messages.extracted_at') }}) as sent_at
    from messages
    inner join repeated_ids
        on messages.message_id = repeated_ids.message_id
    where messages.contact_id is not null
    group by
        messages.message_id,
        messages.source_system,
        messages.contact_id,
        messages.channel
),

counted as (
    select
        *,
        count(*) over (partition by message_id) as record_count
    from records
)

select
    message_id,
    source_system,
    contact_id,
    channel,
    sent_at
from counted
where record_count > 1
