{{ config(enabled=is_connector('completejourney')) }}

with

till_archive as (
    select * from {{ source('synthetic', 'till_archive') }}
)

select
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('store_id', 'string') }} as store_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('line_number', 'integer') }} as line_number,
    {{ try_cast('quantity', 'integer') }} as quantity,
    {{ try_cast('sales_value', 'decimal(18,2)') }} as sales_value,
    {{ try_cast('retail_disc', 'decimal(18,2)') }} as retail_disc,
    {{ try_cast('coupon_disc', 'decimal(18,2)') }} as coupon_disc,
    {{ try_cast('coupon_match_disc', 'decimal(18,2)') }} as coupon_match_disc,
    {{ try_cast('transaction_timestamp', 'timestamp') }} as transaction_timestamp,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from till_archive
