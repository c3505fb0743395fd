-- Uses that count for no person - no contact, one without a record, one who was erased, or a time or an offer that
-- cannot be read - and name the copy they spent: it is somebody's, who must not be told that it is still open. Of who
-- used it nothing is kept.
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

offers as (
    select * from {{ ref('intake_offers') }}
),

cancelled_orders as (
    select * from {{ ref('intake_cancelled_orders') }}
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
),

-- A use that says another offer means another copy; one that says none that is known contradicts nothing. Who cannot
-- say when spent it at some time since it was given: on no day may somebody be told that it is open.
spent_copies as (
    select
        assignments.assignment_id,
        readable_redemptions.order_id,
        readable_redemptions.redeemed_amount,
        coalesce(readable_redemptions.redeemed_at, assignments.assigned_at) as redeemed_at
    from readable_redemptions
    inner join assignments
        on readable_redemptions.assignment_id = assignments.assignment_id
    left join offers
        on readable_redemptions.offer_id = offers.offer_id
    where
        offers.offer_id is null
        or offers.offer_id = assignments.offer_id
)

select spent_copies.*
from spent_copies
{{ anti_join() }} cancelled_orders
    on spent_copies.order_id = cancelled_orders.order_id
