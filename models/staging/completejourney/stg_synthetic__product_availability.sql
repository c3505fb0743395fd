{{ config(enabled=is_connector('completejourney')) }}

with

product_availability as (
    select * from {{ source('synthetic', 'product_availability') }}
)

select
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('is_available', 'boolean') }} as is_available,
    {{ try_cast('changed_at', 'timestamp') }} as changed_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from product_availability
