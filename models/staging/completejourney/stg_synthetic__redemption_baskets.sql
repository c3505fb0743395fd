{{ config(enabled=is_connector('completejourney')) }}

with

redemption_baskets as (
    select * from {{ source('synthetic', 'redemption_baskets') }}
)

select
    {{ try_cast('redemption_id', 'string') }} as redemption_id,
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('coupon_upc', 'string') }} as coupon_upc,
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('redemption_date', 'date') }} as redemption_date,
    {{ try_cast('redeemed_at', 'timestamp') }} as redeemed_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from redemption_baskets
