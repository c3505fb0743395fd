{{ config(enabled=is_connector('completejourney')) }}

with

media_results as (
    select * from {{ ref('stg_synthetic__media_results') }}
)

select
    'marketing' as source_system,
    campaign_id,
    route,
    result_date,
    cast(null as string) as audience_run_id,
    cast(null as integer) as uploaded,
    cast(null as integer) as matched,
    cast(null as integer) as rejected,
    cast(null as string) as reject_reasons,
    reached,
    impressions,
    clicks,
    leads,
    cost_amount,
    extracted_at
from media_results
