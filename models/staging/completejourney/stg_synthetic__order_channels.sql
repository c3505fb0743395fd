{{ config(enabled=is_connector('completejourney')) }}

with

order_channels as (
    select * from {{ source('synthetic', 'order_channels') }}
)

select
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('sales_channel', 'string') }} as sales_channel,
    {{ try_cast('ordered_at', 'timestamp') }} as ordered_at,
    {{ try_cast('delivered_at', 'timestamp') }} as delivered_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from order_channels
