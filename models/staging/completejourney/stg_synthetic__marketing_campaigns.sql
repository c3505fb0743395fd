{{ config(enabled=is_connector('completejourney')) }}

with

marketing_campaigns as (
    select * from {{ source('synthetic', 'marketing_campaigns') }}
)

select
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('route', 'string') }} as route,
    {{ try_cast('campaign_name', 'string') }} as campaign_name,
    {{ try_cast('campaign_type', 'string') }} as campaign_type,
    {{ try_cast('cost_amount', 'decimal(18,2)') }} as cost_amount,
    {{ try_cast('is_acquisition_baseline', 'boolean') }} as is_acquisition_baseline,
    {{ try_cast('start_date', 'date') }} as start_date,
    {{ try_cast('end_date', 'date') }} as end_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from marketing_campaigns
