with

redemptions as (
    select * from {{ ref('intake_offer_redemptions') }}
),

assignments as (
    select * from {{ ref('intake_offer_assignments') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_redemptions as (
    select
        redemptions.redemption_id,
        contact_profiles.profile_id,
        redemptions.offer_id,
        redemptions.order_id,
        redemptions.source_system,
        redemptions.redeemed_date,
        redemptions.redeemed_at
    from redemptions
    inner join contact_profiles
        on
            redemptions.source_system = contact_profiles.source_system
            and redemptions.contact_id = contact_profiles.contact_id
),

profile_assignments as (
    select
        assignments.assignment_id,
        contact_profiles.profile_id,
        assignments.offer_id,
        assignments.assigned_at
    from assignments
    inner join contact_profiles
        on
            assignments.source_system = contact_profiles.source_system
            and assignments.contact_id = contact_profiles.contact_id
),

-- an offer can be given to the same person twice: the assignment that was latest when the offer was used explains
-- the use
candidates as (
    select
        profile_redemptions.redemption_id,
        profile_assignments.assignment_id,
        row_number() over (
            partition by profile_redemptions.redemption_id
            order by profile_assignments.assigned_at desc nulls last, profile_assignments.assignment_id desc nulls last
        ) as recency_rank
    from profile_redemptions
    inner join profile_assignments
        on
            profile_redemptions.profile_id = profile_assignments.profile_id
            and profile_redemptions.offer_id = profile_assignments.offer_id
            and profile_redemptions.redeemed_at >= profile_assignments.assigned_at
),

explained as (
    select
        redemption_id,
        assignment_id
    from candidates
    where recency_rank = 1
),

redemptions_with_assignment as (
    select
        profile_redemptions.redemption_id,
        profile_redemptions.profile_id,
        profile_redemptions.offer_id,
        explained.assignment_id,
        profile_redemptions.order_id,
        profile_redemptions.source_system,
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
    redeemed_date,
    redeemed_at
from redemptions_with_assignment
