select
    system as source_system,
    receipt as order_id,
    customer_no as contact_id,
    cast(null as string) as store_id,
    case system when 'web' then 'web' else 'store' end as sales_channel,
    {{ rekindle.local_to_utc('bought_at') }} as ordered_at,
    cast(null as timestamp) as delivered_at,
    'completed' as order_status,
    cast(null as string) as original_order_id,
    'EUR' as currency_code,
    cast('2024-07-01 22:00' as timestamp) as extracted_at
from {{ ref('purchases') }}
