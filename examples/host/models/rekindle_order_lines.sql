select
    system as source_system,
    receipt as order_id,
    1 as line_number,
    article as product_id,
    1 as quantity,
    paid as gross_amount,
    cast(0 as decimal(18, 2)) as discount_amount,
    cast(0 as decimal(18, 2)) as offer_discount_amount,
    paid as net_amount,
    cast(null as decimal(18, 2)) as margin_amount,
    cast('2024-07-01 22:00' as timestamp) as extracted_at
from {{ ref('purchases') }}
