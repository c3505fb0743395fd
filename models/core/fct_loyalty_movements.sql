with

loyalty_movements as (
    select * from {{ ref('intake_loyalty_movements') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_movements as (
    select
        loyalty_movements.movement_id,
        contact_profiles.profile_id,
        loyalty_movements.order_id,
        loyalty_movements.source_system,
        loyalty_movements.movement_type,
        loyalty_movements.points,
        loyalty_movements.amount,
        loyalty_movements.occurred_date,
        loyalty_movements.occurred_at
    from loyalty_movements
    inner join contact_profiles
        on
            loyalty_movements.source_system = contact_profiles.source_system
            and loyalty_movements.contact_id = contact_profiles.contact_id
)

select
    movement_id,
    profile_id,
    order_id,
    source_system,
    movement_type,
    points,
    amount,
    occurred_date,
    occurred_at
from profile_movements
