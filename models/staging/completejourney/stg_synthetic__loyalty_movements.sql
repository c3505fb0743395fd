{{ config(enabled=is_connector('completejourney')) }}

with

loyalty_movements as (
    select * from {{ source('synthetic', 'loyalty_movements') }}
)

select
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('movement_id', 'string') }} as movement_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('movement_type', 'string') }} as movement_type,
    {{ try_cast('points', 'integer') }} as points,
    {{ try_cast('amount', 'decimal(18,2)') }} as amount,
    {{ try_cast('occurred_at', 'timestamp') }} as occurred_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from loyalty_movements
