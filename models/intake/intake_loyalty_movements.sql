with

loyalty_movements as (
    select * from {{ ref('input_loyalty_movements') }}
)

select *
from loyalty_movements
