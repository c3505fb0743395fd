{{ config(enabled=is_connector('completejourney')) }}

with

product_attributes as (
    select * from {{ source('synthetic', 'product_attributes') }}
)

select
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('days_of_supply', 'integer') }} as days_of_supply,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from product_attributes
