{{ config(enabled=is_connector('completejourney')) }}

with

campaign_descriptions as (
    select * from {{ ref('stg_completejourney__campaign_descriptions') }}
),

marketing_campaigns as (
    select * from {{ ref('stg_synthetic__marketing_campaigns') }}
)

select
    'till' as source_system,
    campaign_id,
    'direct_mail' as route,
    {{ dbt.concat(["'Coupon campaign '", "campaign_id"]) }} as campaign_name,
    campaign_type,
    cast(null as string) as scenario_id,
    start_date,
    -- the data set names the last day, the contract the first day after
    {{ add_days('end_date', 1) }} as end_date,
    cast(null as decimal(18,2)) as cost_amount,
    false as is_acquisition_baseline,
    extracted_at
from campaign_descriptions
union all
select
    'marketing' as source_system,
    campaign_id,
    route,
    campaign_name,
    campaign_type,
    cast(null as string) as scenario_id,
    start_date,
    end_date,
    cost_amount,
    is_acquisition_baseline,
    extracted_at
from marketing_campaigns
