{{ config(enabled=is_connector('completejourney')) }}

with

carts as (
    select * from {{ ref('stg_synthetic__carts') }}
)

select
    source_system,
    cart_id,
    contact_id,
    created_at,
    updated_at,
    {{ local_date('updated_at') }} as updated_date,
    basket_id as order_id,
    items,
    item_count,
    cart_amount,
    extracted_at
from carts
