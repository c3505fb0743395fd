with

products as (
    select * from {{ ref('intake_products') }}
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
    days_of_supply
from products
