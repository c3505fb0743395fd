{{ config(enabled=is_connector('completejourney')) }}

with

products as (
    select * from {{ ref('stg_completejourney__products') }}
),

product_attributes as (
    select * from {{ ref('stg_synthetic__product_attributes') }}
)

select
    'till' as source_system,
    products.product_id,
    -- the data set has no product names: the type is the finest description
    coalesce(products.product_type, products.product_category, products.department) as product_name,
    products.brand,
    products.department,
    products.product_category as category,
    cast(null as string) as collection,
    products.package_size,
    product_attributes.days_of_supply,
    cast(null as decimal(9,4)) as margin_share,
    products.extracted_at
from products
left join product_attributes
    on products.product_id = product_attributes.product_id
