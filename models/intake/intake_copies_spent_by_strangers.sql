-- Uses that count for no person - no contact, one without a record, one who was erased - and name the copy they spent:
-- it is somebody's, who must not be told that it is still open. Of who used it nothing is kept.
with

all_redemptions as (
    select * from {{ ref('input_offer_redemptions') }}
),

valid_redemptions as (
    select * from {{ ref('intake_offer_redemptions') }}
),

assignments as (
    select * from {{ ref('intake_offer_assignments') }}
),

orders as (
    select * from {{ ref('intake_orders') }}
),

cancelled_orders as (
    select order_id
    from orders
    where order_status = 'cancelled'
),

rejected_redemptions as (
    select
        all_redemptions.*,
        {{ copy_number('offer_redemptions', 'all_redemptions') }} as copy_number
    from all_redemptions
    {{ anti_join() }} valid_redemptions
        on all_redemptions.redemption_id = valid_redemptions.redemption_id
),

-- rows without a key are each a use of their own
readable_redemptions as (
    select
        assignment_id,
        offer_id,
        nullif(order_id, '') as order_id,
        case when not {{ is_negative('redeemed_amount') }} then redeemed_amount end as redeemed_amount,
        {{ readable_stamp('redeemed_at', 'extracted_at') }} as redeemed_at
    from rejected_redemptions
    where
        copy_number = 1
        or redemption_id is null
)

select
    assignments.assignment_id,
    readable_redemptions.order_id,
    readable_redemptions.redeemed_amount,
    readable_redemptions.redeemed_at
from readable_redemptions
inner join assignments
    on
        readable_redemptions.assignment_id = assignments.assignment_id
        and readable_redemptions.offer_id = assignments.offer_id
{{ anti_join() }} cancelled_orders
    on readable_redemptions.order_id = cancelled_orders.order_id
where readable_redemptions.redeemed_at is not null
