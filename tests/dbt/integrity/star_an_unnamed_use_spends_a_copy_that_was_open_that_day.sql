{# A use that names no copy spends one that its person held and that was open on that day. Fails with the use. #}
with

redemptions as (
    select * from {{ ref('fct_offer_redemptions') }}
),

coupons as (
    select * from {{ ref('fct_coupons') }}
),

unnamed_redemptions as (
    select redemption_id
    from {{ ref('intake_offer_redemptions') }}
    where assignment_id is null
)

select redemptions.redemption_id
from redemptions
inner join unnamed_redemptions
    on redemptions.redemption_id = unnamed_redemptions.redemption_id
inner join coupons
    on redemptions.assignment_id = coupons.assignment_id
where
    redemptions.profile_id <> coupons.profile_id
    or redemptions.offer_id <> coupons.offer_id
    or not {{ was_open_that_day('redemptions', 'coupons') }}
