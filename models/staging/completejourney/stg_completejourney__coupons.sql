{{ config(enabled=is_connector('completejourney')) }}

with

coupons as (
    select * from {{ source('completejourney', 'coupons') }}
)

select
    {{ try_cast('coupon_upc', 'string') }} as coupon_upc,
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from coupons
