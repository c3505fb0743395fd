{{ config(enabled=is_connector('completejourney')) }}

with

message_events as (
    select
        source_system,
        message_id,
        event_type,
        occurred_at,
        link_tag,
        is_machine,
        extracted_at
    from {{ ref('stg_synthetic__message_events') }}
    union all
    select
        source_system,
        message_id,
        event_type,
        occurred_at,
        link_tag,
        is_machine,
        extracted_at
    from {{ ref('stg_world__message_events') }}
)

select
    source_system,
    message_id,
    event_type,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    link_tag,
    is_machine,
    extracted_at
from message_events
