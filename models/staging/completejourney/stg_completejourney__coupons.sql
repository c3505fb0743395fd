{{ config(enabled=is_connector('completejourney')) }}

with

coupons as (
    select * from {{ source('completejourney', 'coupons') }}
)

select
    {{ try_cast('coupon_upc', 'varchar') }} as coupon_upc,
    {{ try_cast('product_id', 'varchar') }} as product_id,
    {{ try_cast('campaign_id', 'varchar') }} as campaign_id,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from coupons
