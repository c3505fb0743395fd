{{ config(enabled=is_connector('completejourney')) }}

with

products as (
    select * from {{ ref('stg_completejourney__products') }}
)

select
    'till' as source_system,
    product_id,
    -- the data set has no product names: the type is the finest description
    coalesce(product_type, product_category, department) as product_name,
    brand,
    department,
    product_category as category,
    cast(null as varchar) as collection,
    package_size,
    cast(null as integer) as days_of_supply,
    extracted_at
from products
