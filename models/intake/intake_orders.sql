with

orders as (
    select * from {{ ref('input_orders') }}
)

select *
from orders
