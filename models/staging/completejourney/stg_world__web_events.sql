{{ config(enabled=is_connector('completejourney')) }}

with

web_events as (
    select * from {{ source('world', 'web_events') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('event_id', 'string') }} as event_id,
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('platform', 'string') }} as platform,
    {{ try_cast('form_type', 'string') }} as form_type,
    {{ try_cast('route', 'string') }} as route,
    {{ try_cast('occurred_at', 'timestamp') }} as occurred_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from web_events
