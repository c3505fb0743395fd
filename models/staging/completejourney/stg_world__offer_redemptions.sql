{{ config(enabled=is_connector('completejourney')) }}

with

offer_redemptions as (
    select * from {{ source('world', 'offer_redemptions') }}
)

select
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('redemption_id', 'string') }} as redemption_id,
    {{ try_cast('offer_id', 'string') }} as offer_id,
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('order_id', 'string') }} as order_id,
    {{ try_cast('redeemed_at', 'timestamp') }} as redeemed_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from offer_redemptions
