{{ config(enabled=is_connector('completejourney')) }}

with

carts as (
    select * from {{ source('synthetic', 'carts') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('cart_id', 'string') }} as cart_id,
    {{ try_cast('basket_id', 'string') }} as basket_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('items', 'string') }} as items,
    {{ try_cast('item_count', 'integer') }} as item_count,
    {{ try_cast('cart_amount', 'decimal(18,2)') }} as cart_amount,
    {{ try_cast('created_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from carts
