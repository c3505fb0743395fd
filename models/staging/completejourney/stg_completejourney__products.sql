{{ config(enabled=is_connector('completejourney')) }}

with

products as (
    select * from {{ source('completejourney', 'products') }}
)

select
    {{ try_cast('product_id', 'string') }} as product_id,
    {{ try_cast('manufacturer_id', 'string') }} as manufacturer_id,
    {{ try_cast('department', 'string') }} as department,
    {{ try_cast('brand', 'string') }} as brand,
    {{ try_cast('product_category', 'string') }} as product_category,
    {{ try_cast('product_type', 'string') }} as product_type,
    {{ try_cast('package_size', 'string') }} as package_size,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from products
