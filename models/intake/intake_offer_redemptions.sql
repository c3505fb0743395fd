with

offer_redemptions as (
    select * from {{ ref('input_offer_redemptions') }}
)

select *
from offer_redemptions
