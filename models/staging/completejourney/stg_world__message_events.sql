{{ config(enabled=is_connector('completejourney')) }}

with

message_events as (
    select * from {{ source('world', 'message_events') }}
)

select
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('message_id', 'string') }} as message_id,
    {{ try_cast('event_type', 'string') }} as event_type,
    {{ try_cast('link_tag', 'string') }} as link_tag,
    {{ try_cast('is_machine', 'boolean') }} as is_machine,
    {{ try_cast('occurred_at', 'timestamp') }} as occurred_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from message_events
