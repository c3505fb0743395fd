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
),

-- a line may name a product that nobody delivered: without a row here, a join would lose the line
inferred_products as (
    select sold_products.*
    from sold_products
    {{ anti_join() }} products
        on sold_products.product_id = products.product_id
)

select
    product_id,
    source_system,
    product_name,
    brand,
    department,
    category,
    collection,
    package_size,
    days_of_supply,
    false as is_inferred
from products
union all
select
    product_id,
    source_system,
    cast(null as varchar) as product_name,
    cast(null as varchar) as brand,
    cast(null as varchar) as department,
    cast(null as varchar) as category,
    cast(null as varchar) as collection,
    cast(null as varchar) as package_size,
    cast(null as integer) as days_of_supply,
    true as is_inferred
from inferred_products
