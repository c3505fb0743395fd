with

offer_products as (
    select * from {{ ref('input_offer_products') }}
)

select *
from offer_products
