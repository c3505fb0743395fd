{{ config(enabled=is_connector('completejourney')) }}

with

coupons as (
    select * from {{ ref('stg_completejourney__coupons') }}
),

campaign_descriptions as (
    select * from {{ ref('stg_completejourney__campaign_descriptions') }}
),

marketing_offers as (
    select * from {{ ref('stg_synthetic__marketing_offers') }}
),

-- the same coupon code in two campaigns is two offers, each with its own days
campaign_coupons as (
    select distinct
        coupon_upc,
        campaign_id
    from coupons
)

select
    'till' as source_system,
    {{ dbt.concat(["campaign_coupons.campaign_id", "'-'", "campaign_coupons.coupon_upc"]) }} as offer_id,
    'coupon' as offer_type,
    {{ dbt.concat(["'Coupon '", "campaign_coupons.coupon_upc"]) }} as offer_name,
    campaign_coupons.campaign_id,
    -- the data set does not say what a coupon is worth
    cast(null as decimal(18,2)) as face_value_amount,
    cast(null as string) as funded_by,
    campaign_descriptions.start_date as valid_from,
    -- the data set names the last day, the contract the first day after
    {{ add_days('campaign_descriptions.end_date', 1) }} as valid_to,
    campaign_descriptions.extracted_at
from campaign_coupons
inner join campaign_descriptions
    on campaign_coupons.campaign_id = campaign_descriptions.campaign_id
union all
-- what the scenarios give: the data set has coupons of campaigns only, and does not say what they are worth
select
    'till' as source_system,
    offer_id,
    offer_type,
    offer_name,
    cast(null as string) as campaign_id,
    face_value_amount,
    cast(null as string) as funded_by,
    valid_from,
    valid_to,
    extracted_at
from marketing_offers
