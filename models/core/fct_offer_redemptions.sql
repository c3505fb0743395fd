with

redemptions as (
    select * from {{ ref('intake_offer_redemptions') }}
),

assignments as (
    select * from {{ ref('intake_offer_assignments') }}
),

cancelled_orders as (
    select * from {{ ref('intake_cancelled_orders') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

copies_spent_by_strangers as (
    select * from {{ ref('intake_copies_spent_by_strangers') }}
),

profile_redemptions as (
    select
        redemptions.redemption_id,
        contact_profiles.profile_id,
        redemptions.offer_id,
        redemptions.assignment_id as named_assignment_id,
        redemptions.order_id,
        redemptions.source_system,
        redemptions.redeemed_amount,
        cancelled_orders.order_id is not null as was_cancelled,
        redemptions.redeemed_date,
        redemptions.redeemed_at
    from redemptions
    inner join contact_profiles
        on
            redemptions.source_system = contact_profiles.source_system
            and redemptions.contact_id = contact_profiles.contact_id
    left join cancelled_orders
        on redemptions.order_id = cancelled_orders.order_id
    where {{ planned_once() }}
),

profile_assignments as (
    select
        assignments.assignment_id,
        contact_profiles.profile_id,
        assignments.offer_id,
        assignments.assigned_date,
        assignments.assigned_at,
        assignments.expires_at
    from assignments
    inner join contact_profiles
        on
            assignments.source_system = contact_profiles.source_system
            and assignments.contact_id = contact_profiles.contact_id
),

-- a use that says which copy it was used that copy, whoever held it
named_copies as (
    select named_assignment_id as assignment_id
    from profile_redemptions
    where
        named_assignment_id is not null
        and not was_cancelled
    union
    select assignment_id
    from copies_spent_by_strangers
),

open_copies as (
    select profile_assignments.*
    from profile_assignments
    left join named_copies
        on profile_assignments.assignment_id = named_copies.assignment_id
    where named_copies.assignment_id is null
),

pairs_1 as (
    select
        profile_redemptions.profile_id,
        profile_redemptions.offer_id,
        profile_redemptions.redemption_id,
        open_copies.assignment_id,
        profile_redemptions.redeemed_at,
        open_copies.assigned_at
    from profile_redemptions
    inner join open_copies
        on
            profile_redemptions.profile_id = open_copies.profile_id
            and profile_redemptions.offer_id = open_copies.offer_id
    where
        {{ was_open_that_day('profile_redemptions', 'open_copies') }}
        and profile_redemptions.named_assignment_id is null
        and not profile_redemptions.was_cancelled
),

-- An offer can be given to the same person twice. Of all uses that still find an open copy the earliest takes the
-- oldest that it finds; then neither is there any more. A round per copy that one person used of one offer.
{% for round in range(1, setting('coupon_rounds') + 1) -%}
    picked_{{ round }} as (
        select
            pairs_{{ round }}.*,
            first_value(redemption_id) over (
                partition by profile_id, offer_id
                order by
                    redeemed_at asc nulls last, redemption_id asc nulls last,
                    assigned_at asc nulls last, assignment_id asc nulls last
            ) as picked_redemption_id,
            first_value(assignment_id) over (
                partition by profile_id, offer_id
                order by
                    redeemed_at asc nulls last, redemption_id asc nulls last,
                    assigned_at asc nulls last, assignment_id asc nulls last
            ) as picked_assignment_id
        from pairs_{{ round }}
    ),

    pairs_{{ round + 1 }} as (
        select
            profile_id,
            offer_id,
            redemption_id,
            assignment_id,
            redeemed_at,
            assigned_at
        from picked_{{ round }}
        where
            redemption_id <> picked_redemption_id
            and assignment_id <> picked_assignment_id
    ),

{% endfor -%}
explained as (
    {% for round in range(1, setting('coupon_rounds') + 1) -%}
        select
            redemption_id,
            assignment_id
        from picked_{{ round }}
        where
            redemption_id = picked_redemption_id
            and assignment_id = picked_assignment_id
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

redemptions_with_assignment as (
    select
        profile_redemptions.redemption_id,
        profile_redemptions.profile_id,
        profile_redemptions.offer_id,
        case
            when not profile_redemptions.was_cancelled
                then coalesce(profile_redemptions.named_assignment_id, explained.assignment_id)
        end as assignment_id,
        profile_redemptions.order_id,
        profile_redemptions.source_system,
        profile_redemptions.redeemed_amount,
        profile_redemptions.was_cancelled,
        profile_redemptions.redeemed_date,
        profile_redemptions.redeemed_at
    from profile_redemptions
    left join explained
        on profile_redemptions.redemption_id = explained.redemption_id
)

select
    redemption_id,
    profile_id,
    offer_id,
    assignment_id,
    order_id,
    source_system,
    redeemed_amount,
    was_cancelled,
    redeemed_date,
    redeemed_at
from redemptions_with_assignment
