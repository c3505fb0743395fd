with

valid_redemptions as (
    {{ valid_rows('offer_redemptions', blank={'redeemed_amount': is_negative('redeemed_amount')}) | indent(4) }}
),

assignments as (
    select
        assignment_id,
        offer_id
    from {{ ref('intake_offer_assignments') }}
)

select
    valid_redemptions.source_system,
    valid_redemptions.redemption_id,
    valid_redemptions.offer_id,
    valid_redemptions.contact_id,
    valid_redemptions.redeemed_at,
    valid_redemptions.redeemed_date,
    valid_redemptions.order_id,
    {# of an offer that was given: rejected_offer_redemptions counts the others #}
    assignments.assignment_id,
    valid_redemptions.redeemed_amount,
    valid_redemptions.extracted_at
from valid_redemptions
left join assignments
    on
        valid_redemptions.assignment_id = assignments.assignment_id
        and valid_redemptions.offer_id = assignments.offer_id
