{{ config(enabled=is_connector('completejourney')) }}

with

web_events as (
    select * from {{ source('synthetic', 'web_events') }}
)

select
    {{ try_cast('contact_id', 'varchar') }} as contact_id,
    {{ try_cast('event_id', 'varchar') }} as event_id,
    {{ try_cast('product_id', 'varchar') }} as product_id,
    {{ try_cast('campaign_id', 'varchar') }} as campaign_id,
    {{ try_cast('source_system', 'varchar') }} as source_system,
    {{ try_cast('event_type', 'varchar') }} as event_type,
    {{ try_cast('platform', 'varchar') }} as platform,
    {{ try_cast('category', 'varchar') }} as category,
    {{ try_cast('form_type', 'varchar') }} as form_type,
    {{ try_cast('route', 'varchar') }} as route,
    {{ try_cast('occurred_at', 'timestamp') }} as occurred_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from web_events
