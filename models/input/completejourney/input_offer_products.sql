{{ config(enabled=is_connector('completejourney')) }}

with

coupons as (
    select * from {{ ref('stg_completejourney__coupons') }}
)

-- the package repeats 4,872 of its 116,204 pairs
select distinct
    'till' as source_system,
    {{ dbt.concat(["campaign_id", "'-'", "coupon_upc"]) }} as offer_id,
    product_id,
    extracted_at
from coupons
