-- Of the valid offers of a type the one whose products a person's recommendations hit most. Of two that are hit as
-- often the cheaper; whose recommendations hit none has no row.
{%- set item = setting('recommendation_item') %}

with

offers as (
    select * from {{ ref('dim_offers') }}
),

offer_products as (
    select * from {{ ref('intake_offer_products') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

scenario_offers as (
    select * from {{ ref('scenario_offers') }}
),

recommendations as (
    select * from {{ ref('recommendations') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

given_types as (
    select distinct offer_type
    from scenario_offers
),

offer_items as (
    select distinct
        offers.offer_id,
        offers.offer_type,
        offers.face_value_amount,
        products.{{ item }} as item
    from offers
    inner join given_types
        on offers.offer_type = given_types.offer_type
    inner join offer_products
        on offers.offer_id = offer_products.offer_id
    inner join products
        on offer_products.product_id = products.product_id
    where
        products.{{ item }} is not null
        and offers.valid_from <= {{ send_date() }}
        and (offers.valid_to is null or offers.valid_to > {{ send_date() }})
),

-- recommendations are of the month; who has denied profiling since has none
recommended_items as (
    select distinct
        recommendations.profile_id,
        recommendations.item
    from recommendations
    left join profiling_denials
        on recommendations.profile_id = profiling_denials.profile_id
    where profiling_denials.profile_id is null
),

hits as (
    select
        recommended_items.profile_id,
        offer_items.offer_type,
        offer_items.offer_id,
        offer_items.face_value_amount,
        cast(count(*) as integer) as matching_items
    from recommended_items
    inner join offer_items
        on recommended_items.item = offer_items.item
    group by
        recommended_items.profile_id,
        offer_items.offer_type,
        offer_items.offer_id,
        offer_items.face_value_amount
),

ranked as (
    select
        *,
        row_number() over (
            partition by profile_id, offer_type
            order by matching_items desc nulls last, face_value_amount asc nulls last, offer_id asc nulls last
        ) as place
    from hits
)

select
    profile_id,
    offer_type,
    offer_id,
    matching_items,
    face_value_amount as offer_amount
from ranked
where place = 1
