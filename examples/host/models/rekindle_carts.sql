select
    system as source_system,
    basket as cart_id,
    customer_no as contact_id,
    {{ rekindle.local_to_utc('filled_at') }} as created_at,
    {{ rekindle.local_to_utc('filled_at') }} as updated_at,
    cast(null as string) as order_id,
    article as items,
    1 as item_count,
    amount as cart_amount,
    cast('2024-07-01 22:00' as timestamp) as extracted_at
from {{ ref('baskets') }}
