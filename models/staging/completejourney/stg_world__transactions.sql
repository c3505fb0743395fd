{{ config(enabled=is_connector('completejourney')) }}

with

transactions as (
    select * from {{ source('world', 'transactions') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('store_id', 'string') }} as store_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('sales_channel', 'string') }} as sales_channel,
    {{ try_cast('line_number', 'integer') }} as line_number,
    {{ try_cast('quantity', 'integer') }} as quantity,
    {{ try_cast('sales_value', 'decimal(18,2)') }} as sales_value,
    {{ try_cast('retail_disc', 'decimal(18,2)') }} as retail_disc,
    {{ try_cast('coupon_disc', 'decimal(18,2)') }} as coupon_disc,
    {{ try_cast('coupon_match_disc', 'decimal(18,2)') }} as coupon_match_disc,
    {{ try_cast('transaction_timestamp', 'timestamp') }} as transaction_timestamp,
    {{ try_cast('delivered_at', 'timestamp') }} as delivered_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from transactions
