with

loyalty_movements as (
    select * from {{ ref('fct_loyalty_movements') }}
),

-- points spent or expired are not an advantage received: their value was counted when they were earned
benefits as (
    select
        movement_id,
        profile_id,
        order_id,
        source_system,
        case when movement_type = 'earned' then 'points' else movement_type end as benefit_type,
        points,
        amount,
        occurred_date,
        occurred_at
    from loyalty_movements
    where movement_type in ('earned', 'cashback', 'loyalty_price', 'gift')
)

select
    movement_id,
    profile_id,
    order_id,
    source_system,
    benefit_type,
    points,
    amount,
    occurred_date,
    occurred_at
from benefits
