{#
  No use is without a copy while its person held one that was open that day and that nobody used. Fails with the use
  when a person used more copies of one offer than there are rounds.
#}
with

redemptions as (
    select * from {{ ref('fct_offer_redemptions') }}
    where
        assignment_id is null
        and not was_cancelled
),

unused_coupons as (
    select * from {{ ref('fct_coupons') }}
    where redemption_count = 0
)

select distinct redemptions.redemption_id
from redemptions
inner join unused_coupons
    on
        redemptions.profile_id = unused_coupons.profile_id
        and redemptions.offer_id = unused_coupons.offer_id
        and {{ was_open_that_day('redemptions', 'unused_coupons') }}
