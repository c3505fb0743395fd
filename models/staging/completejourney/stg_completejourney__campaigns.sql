{{ config(enabled=is_connector('completejourney')) }}

with

campaigns as (
    select * from {{ source('completejourney', 'campaigns') }}
)

select
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from campaigns
