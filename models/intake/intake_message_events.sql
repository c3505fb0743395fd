with

message_events as (
    select * from {{ ref('input_message_events') }}
)

select *
from message_events
