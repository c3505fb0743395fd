with

campaigns as (
    select * from {{ ref('intake_campaigns') }}
)

select
    campaign_id,
    route,
    scenario_id,
    source_system,
    campaign_name,
    campaign_type,
    cost_amount,
    is_acquisition_baseline,
    start_date,
    end_date
from campaigns
