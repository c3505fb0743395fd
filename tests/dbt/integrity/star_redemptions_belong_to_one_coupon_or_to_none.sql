{# Uses counted on coupons and uses that no coupon explains are all uses, each once. Fails with one row when not. #}
with

input_redemptions as (
    select count(*) as redemption_count
    from {{ ref('intake_offer_redemptions') }}
),

redemptions as (
    select
        count(*) as redemption_count,
        count(*) - count(assignment_id) as unexplained_count
    from {{ ref('fct_offer_redemptions') }}
),

coupons as (
    select coalesce(sum(redemption_count), 0) as redemption_count
    from {{ ref('fct_coupons') }}
)

select
    input_redemptions.redemption_count as in_input,
    redemptions.redemption_count as in_redemptions,
    redemptions.unexplained_count,
    coupons.redemption_count as on_coupons
from input_redemptions
cross join redemptions
cross join coupons
where
    input_redemptions.redemption_count <> redemptions.redemption_count
    or coupons.redemption_count + redemptions.unexplained_count <> redemptions.redemption_count
