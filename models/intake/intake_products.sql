with

products as (
    select * from {{ ref('input_products') }}
)

select *
from products
