{{ config(enabled=is_connector('completejourney')) }}

with

service_events as (
    select * from {{ source('world', 'service_events') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('event_id', 'string') }} as event_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('rating', 'integer') }} as rating,
    {{ try_cast('occurred_at', 'timestamp') }} as occurred_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from service_events
