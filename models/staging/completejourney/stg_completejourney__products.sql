{{ config(enabled=is_connector('completejourney')) }}

with

products as (
    select * from {{ source('completejourney', 'products') }}
)

select
    {{ try_cast('product_id', 'varchar') }} as product_id,
    {{ try_cast('manufacturer_id', 'varchar') }} as manufacturer_id,
    {{ try_cast('department', 'varchar') }} as department,
    {{ try_cast('brand', 'varchar') }} as brand,
    {{ try_cast('product_category', 'varchar') }} as product_category,
    {{ try_cast('product_type', 'varchar') }} as product_type,
    {{ try_cast('package_size', 'varchar') }} as package_size,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from products
