with

products as (
    select * from {{ ref('intake_products') }}
),

order_lines as (
    select * from {{ ref('intake_order_lines') }}
),

margin_rates as (
    select * from {{ ref('margin_rates') }}
),

sold_products as (
    select
        product_id,
        min(source_system) as source_system
    from order_lines
    group by product_id
),

-- what the retailer assumes where a product has no share of its own
own_rates as (
    select
        category,
        cast(margin_share as decimal(9,4)) as margin_share
    from margin_rates
    where connector = '{{ var('connector') }}'
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
    coalesce(
        products.margin_share,
        rates_of_categories.margin_share,
        rates_of_departments.margin_share,
        rates_of_all.margin_share
    ) as margin_share,
    products.product_id is null as is_inferred
from products
full outer join sold_products
    on products.product_id = sold_products.product_id
left join own_rates as rates_of_categories
    on products.category = rates_of_categories.category
left join own_rates as rates_of_departments
    on products.department = rates_of_departments.category
left join own_rates as rates_of_all
    on rates_of_all.category = '*'
