with

coupons as (
    select * from {{ ref('fct_coupons') }}
),

offers as (
    select * from {{ ref('dim_offers') }}
),

available as (
    select
        coupons.assignment_id,
        coupons.profile_id,
        coupons.offer_id,
        offers.campaign_id,
        coupons.decision_id,
        offers.offer_type,
        offers.offer_name,
        coupons.channel,
        offers.face_value_amount,
        coupons.assigned_date,
        offers.valid_to,
        coupons.expires_at
    from coupons
    inner join offers
        on coupons.offer_id = offers.offer_id
    where
        {{ happened_by('coupons.assigned_at') }}
        and (coupons.expires_at is null or not {{ happened_by('coupons.expires_at') }})
        and (coupons.first_redeemed_at is null or not {{ happened_by('coupons.first_redeemed_at') }})
        and {{ is_valid_at(as_of_date(), 'offers.valid_from', 'offers.valid_to') }}
)

select
    assignment_id,
    profile_id,
    offer_id,
    campaign_id,
    decision_id,
    offer_type,
    offer_name,
    channel,
    face_value_amount,
    assigned_date,
    valid_to,
    expires_at
from available
