{{ config(enabled=is_connector('completejourney')) }}

with

media_results as (
    select * from {{ source('synthetic', 'media_results') }}
)

select
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('route', 'string') }} as route,
    {{ try_cast('reached', 'integer') }} as reached,
    {{ try_cast('impressions', 'bigint') }} as impressions,
    {{ try_cast('clicks', 'bigint') }} as clicks,
    {{ try_cast('leads', 'integer') }} as leads,
    {{ try_cast('cost_amount', 'decimal(18,2)') }} as cost_amount,
    {{ try_cast('result_date', 'date') }} as result_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from media_results
