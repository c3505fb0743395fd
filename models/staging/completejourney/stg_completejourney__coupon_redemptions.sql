{{ config(enabled=is_connector('completejourney')) }}

with

coupon_redemptions as (
    select * from {{ source('completejourney', 'coupon_redemptions') }}
)

select
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('coupon_upc', 'string') }} as coupon_upc,
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('redemption_date', 'date') }} as redemption_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from coupon_redemptions
