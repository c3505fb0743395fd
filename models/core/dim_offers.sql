with

offers as (
    select * from {{ ref('intake_offers') }}
),

offer_products as (
    select * from {{ ref('intake_offer_products') }}
),

products_per_offer as (
    select
        offer_id,
        cast(count(*) as integer) as product_count
    from offer_products
    group by offer_id
),

offers_with_products as (
    select
        offers.offer_id,
        offers.campaign_id,
        offers.source_system,
        offers.offer_type,
        offers.offer_name,
        offers.funded_by,
        offers.face_value_amount,
        coalesce(products_per_offer.product_count, 0) as product_count,
        offers.valid_from,
        offers.valid_to
    from offers
    left join products_per_offer
        on offers.offer_id = products_per_offer.offer_id
)

select
    offer_id,
    campaign_id,
    source_system,
    offer_type,
    offer_name,
    funded_by,
    face_value_amount,
    product_count,
    valid_from,
    valid_to
from offers_with_products
