with

order_lines as (
    select * from {{ ref('input_order_lines') }}
)

select *
from order_lines
