with

products as (
    select * from {{ ref('intake_products') }}
),

order_lines as (
    select * from {{ ref('intake_order_lines') }}
),

sold_products as (
    select
        product_id,
        min(source_system) as source_system
    from order_lines
    group by product_id
)

-- a line may name a product that nobody delivered: without a row here, a join would lose the line
select
    coalesce(products.product_id, sold_products.product_id) as product_id,
    coalesce(products.source_system, sold_products.source_system) as source_system,
    products.product_name,
    products.brand,
    products.department,
    products.category,
    products.collection,
    products.package_size,
    products.days_of_supply,
    products.product_id is null as is_inferred
from products
full outer join sold_products
    on products.product_id = sold_products.product_id
