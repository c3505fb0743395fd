with

product_availability as (
    select * from {{ ref('input_product_availability') }}
)

select *
from product_availability
