{{ config(materialized='view') }}
-- What may be given on the day of sending for an offer that was promised before: the same while it is valid, then the
-- cheapest of its type. Where none is left there is no row.
with

offers as (
    select * from {{ ref('dim_offers') }}
),

offer_choices as (
    select * from {{ ref('offer_choices') }}
),

cheapest_offers as (
    select *
    from offer_choices
    where offer_rule = 'lowest_value'
),

valid_offers as (
    select *
    from offer_choices
    where offer_rule like 'id:%'
)

select
    offers.offer_id as promised_offer_id,
    cheapest_offers.offer_type,
    coalesce(valid_offers.offer_id, cheapest_offers.offer_id) as offer_id,
    case
        when valid_offers.offer_id is not null then valid_offers.offer_amount
        else cheapest_offers.offer_amount
    end as offer_amount
from offers
-- of a type of which one is valid, one is the cheapest
inner join cheapest_offers
    on offers.offer_type = cheapest_offers.offer_type
left join valid_offers
    on offers.offer_id = valid_offers.offer_id
