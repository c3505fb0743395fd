with

carts as (
    select * from {{ ref('input_carts') }}
)

select *
from carts
