-- What each coupon that was used cost: what the till says that it took off; else its share of what was taken off the
-- order beyond that; else its face value, never two of them; nothing when a manufacturer pays.
{{ config(materialized='view', access='protected') }}

with

coupons as (
    select * from {{ ref('fct_coupons') }}
),

redemptions as (
    select * from {{ ref('fct_offer_redemptions') }}
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

-- a public code, say: it is known not to be what a coupon took off
uses_without_coupon as (
    select
        order_id,
        cast(sum(redeemed_amount) as double) as redeemed_amount
    from redemptions
    where
        assignment_id is null
        and not was_cancelled
    group by order_id
),

-- charged once, whosever the coupons are
used_coupons as (
    select
        coupons.assignment_id,
        coupons.profile_id,
        coupons.decision_id,
        coupons.first_redemption_order_id as order_id,
        coalesce(offers.funded_by = 'manufacturer', false) as is_paid_by_others,
        cast(coupons.first_redeemed_amount as double) as redeemed_amount,
        cast(orders.offer_discount_amount as double) as order_amount,
        coalesce(uses_without_coupon.redeemed_amount, 0) as others_amount,
        cast(coalesce(decisions.offer_amount, offers.face_value_amount, 0) as double) as face_value_amount,
        {{ local_date('coupons.first_redeemed_at') }} as used_date
    from coupons
    left join offers
        on coupons.offer_id = offers.offer_id
    left join orders
        on coupons.first_redemption_order_id = orders.order_id
    left join uses_without_coupon
        on coupons.first_redemption_order_id = uses_without_coupon.order_id
    left join decisions
        on coupons.decision_id = decisions.decision_id
    where {{ happened_by('coupons.first_redeemed_at') }}
),

coupons_of_orders as (
    select
        *,
        coalesce(sum(redeemed_amount) over (partition by order_id), 0) as known_amount,
        sum(case when redeemed_amount is null then 1 else 0 end) over (partition by order_id) as unknown_coupons
    from used_coupons
),

-- where one coupon does not say what it took off, all that is nobody else's was taken off by coupons
charged_orders as (
    select
        *,
        case
            when unknown_coupons > 0 then greatest(order_amount - others_amount, least(known_amount, order_amount), 0)
            else least(known_amount, order_amount)
        end as charged_amount
    from coupons_of_orders
),

shares as (
    select
        *,
        (charged_amount - known_amount) / nullif(unknown_coupons, 0) as discount_amount
    from charged_orders
)

select
    assignment_id,
    profile_id,
    decision_id,
    order_id,
    case
        when is_paid_by_others then 0e0
        when redeemed_amount is not null then redeemed_amount
        when discount_amount > 0 then discount_amount
        else face_value_amount
    end as offer_cost,
    case when order_amount > 0 then charged_amount / order_amount else 1e0 end as charged_share,
    used_date
from shares
