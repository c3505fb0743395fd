{#
  Uses counted on coupons and uses that no coupon explains are all uses, each once, and those of strangers that name a
  coupon. Fails with one row when not.
#}
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

strangers as (
    select count(*) as redemption_count
    from {{ ref('intake_copies_spent_by_strangers') }}
),

coupons as (
    select coalesce(sum(redemption_count), 0) as redemption_count
    from {{ ref('fct_coupons') }}
)

select
    input_redemptions.redemption_count as in_input,
    redemptions.redemption_count as in_redemptions,
    redemptions.unexplained_count,
    strangers.redemption_count as of_strangers,
    coupons.redemption_count as on_coupons
from input_redemptions
cross join redemptions
cross join strangers
cross join coupons
where
    input_redemptions.redemption_count <> redemptions.redemption_count
    or coupons.redemption_count + redemptions.unexplained_count
    <> redemptions.redemption_count + strangers.redemption_count
