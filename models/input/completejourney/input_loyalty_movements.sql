{{ config(enabled=is_connector('completejourney')) }}

with

loyalty_movements as (
    select * from {{ ref('stg_synthetic__loyalty_movements') }}
)

select
    'till' as source_system,
    movement_id,
    household_id as contact_id,
    movement_type,
    points,
    amount,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    basket_id as order_id,
    extracted_at
from loyalty_movements
