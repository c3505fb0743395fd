with

stores as (
    select * from {{ ref('input_stores') }}
)

select *
from stores
