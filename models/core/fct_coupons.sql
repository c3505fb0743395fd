with

assignments as (
    select * from {{ ref('intake_offer_assignments') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

redemptions as (
    select * from {{ ref('fct_offer_redemptions') }}
),

copies_spent_by_strangers as (
    select * from {{ ref('intake_copies_spent_by_strangers') }}
),

-- a copy is spent whoever used it
uses as (
    select
        assignment_id,
        redemption_id,
        order_id,
        redeemed_amount,
        redeemed_at
    from redemptions
    where assignment_id is not null
    union all
    select
        assignment_id,
        cast(null as string) as redemption_id,
        order_id,
        redeemed_amount,
        redeemed_at
    from copies_spent_by_strangers
),

ranked_uses as (
    select
        assignment_id,
        order_id,
        redeemed_amount,
        redeemed_at,
        row_number() over (
            partition by assignment_id
            order by redeemed_at asc nulls last, redemption_id asc nulls last, order_id asc nulls last
        ) as redemption_rank
    from uses
),

redemptions_per_assignment as (
    select
        assignment_id,
        max(case when redemption_rank = 1 then order_id end) as first_redemption_order_id,
        cast(count(*) as integer) as redemption_count,
        max(case when redemption_rank = 1 then redeemed_amount end) as first_redeemed_amount,
        min(redeemed_at) as first_redeemed_at
    from ranked_uses
    group by assignment_id
),

coupons as (
    select
        assignments.assignment_id,
        contact_profiles.profile_id,
        assignments.offer_id,
        assignments.decision_id,
        redemptions_per_assignment.first_redemption_order_id,
        assignments.source_system,
        assignments.channel,
        coalesce(redemptions_per_assignment.redemption_count, 0) as redemption_count,
        redemptions_per_assignment.first_redeemed_amount,
        assignments.assigned_date,
        assignments.assigned_at,
        assignments.expires_at,
        redemptions_per_assignment.first_redeemed_at
    from assignments
    inner join contact_profiles
        on
            assignments.source_system = contact_profiles.source_system
            and assignments.contact_id = contact_profiles.contact_id
    left join redemptions_per_assignment
        on assignments.assignment_id = redemptions_per_assignment.assignment_id
)

select
    assignment_id,
    profile_id,
    offer_id,
    decision_id,
    first_redemption_order_id,
    source_system,
    channel,
    redemption_count,
    first_redeemed_amount,
    assigned_date,
    assigned_at,
    expires_at,
    first_redeemed_at
from coupons
