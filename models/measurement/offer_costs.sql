-- What each coupon that was used cost: what the till took off the order, shared by the coupons used on it, else its
-- face value, never both; nothing when a manufacturer pays.
{{ config(materialized='view', access='protected') }}

with

coupons as (
    select * from {{ ref('fct_coupons') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

offers as (
    select * from {{ ref('dim_offers') }}
),

decisions as (
    select * from {{ ref('decisions') }}
),

-- charged once, whosever the coupons are
used_coupons as (
    select
        coupons.assignment_id,
        coupons.profile_id,
        coupons.decision_id,
        coupons.first_redemption_order_id as order_id,
        coalesce(offers.funded_by = 'manufacturer', false) as is_paid_by_others,
        cast(orders.offer_discount_amount as double)
        / count(*) over (partition by coupons.first_redemption_order_id) as discount_amount,
        cast(coalesce(decisions.offer_amount, offers.face_value_amount, 0) as double) as face_value_amount,
        {{ local_date('coupons.first_redeemed_at') }} as used_date
    from coupons
    left join offers
        on coupons.offer_id = offers.offer_id
    left join orders
        on coupons.first_redemption_order_id = orders.order_id
    left join decisions
        on coupons.decision_id = decisions.decision_id
    where {{ happened_by('coupons.first_redeemed_at') }}
)

select
    assignment_id,
    profile_id,
    decision_id,
    order_id,
    case
        when is_paid_by_others then 0e0
        when discount_amount > 0 then discount_amount
        else face_value_amount
    end as offer_cost,
    used_date
from used_coupons
