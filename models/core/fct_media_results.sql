with

media_results as (
    select * from {{ ref('intake_media_results') }}
)

select
    campaign_id,
    route,
    source_system,
    audience_run_id,
    reject_reasons,
    uploaded,
    matched,
    rejected,
    reached,
    impressions,
    clicks,
    leads,
    cost_amount,
    result_date
from media_results
