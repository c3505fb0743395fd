{{ config(enabled=is_connector('completejourney')) }}

with

campaign_descriptions as (
    select * from {{ source('completejourney', 'campaign_descriptions') }}
)

select
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('campaign_type', 'string') }} as campaign_type,
    {{ try_cast('start_date', 'date') }} as start_date,
    {{ try_cast('end_date', 'date') }} as end_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from campaign_descriptions
