with

offers as (
    select * from {{ ref('input_offers') }}
)

select *
from offers
