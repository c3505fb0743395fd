{{ config(materialized='view') }}
-- What a rule for offers comes to on the day of sending: `lowest_value`, `highest_value` per type, `id:…` for each.
-- `best_match` is what it comes to for people of whom no offer is known to match: the lowest value.
with

offers as (
    select * from {{ ref('dim_offers') }}
),

valid_offers as (
    select *
    from offers
    where
        valid_from <= {{ send_date() }}
        and (valid_to is null or valid_to > {{ send_date() }})
),

ranked as (
    select
        *,
        row_number() over (
            partition by offer_type
            order by face_value_amount asc nulls last, offer_id asc nulls last
        ) as place_from_below,
        row_number() over (
            partition by offer_type
            order by face_value_amount desc nulls last, offer_id asc nulls last
        ) as place_from_above
    from valid_offers
)

select
    offer_type,
    'lowest_value' as offer_rule,
    offer_id,
    face_value_amount as offer_amount
from ranked
where place_from_below = 1
union all
select
    offer_type,
    'best_match' as offer_rule,
    offer_id,
    face_value_amount as offer_amount
from ranked
where place_from_below = 1
union all
select
    offer_type,
    'highest_value' as offer_rule,
    offer_id,
    face_value_amount as offer_amount
from ranked
where place_from_above = 1
union all
select
    offer_type,
    {{ dbt.concat(["'id:'", 'offer_id']) }} as offer_rule,
    offer_id,
    face_value_amount as offer_amount
from ranked
