with

order_lines as (
    select * from {{ ref('intake_order_lines') }}
),

totals as (
    select
        order_id,
        cast(count(*) as integer) as line_count,
        cast(sum(quantity) as bigint) as unit_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(offer_discount_amount) as decimal(18, 2)) as offer_discount_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from order_lines
    group by order_id
)

select
    order_id,
    line_count,
    unit_count,
    gross_amount,
    discount_amount,
    offer_discount_amount,
    net_amount
from totals
