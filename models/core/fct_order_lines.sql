with

order_lines as (
    select * from {{ ref('intake_order_lines') }}
),

-- The condition always holds. An engine that estimates a share per filter takes intake's lines for fewer than the
-- orders without it, and hashes the lines: twice the memory.
orders as (
    select * from {{ ref('fct_orders') }}
    where order_id is not null
),

products as (
    select * from {{ ref('dim_products') }}
),

lines_with_order as (
    select
        order_lines.order_id,
        orders.profile_id,
        order_lines.product_id,
        orders.order_status,
        order_lines.line_number,
        order_lines.quantity,
        order_lines.gross_amount,
        order_lines.discount_amount,
        order_lines.offer_discount_amount,
        order_lines.net_amount,
        -- an offer takes its discount off the margin, not off what the goods cost
        coalesce(
            order_lines.margin_amount,
            cast(
                (order_lines.net_amount + order_lines.offer_discount_amount) * products.margin_share
                - order_lines.offer_discount_amount
                as decimal(18,2)
            )
        ) as margin_amount,
        orders.order_date
    from order_lines
    inner join orders
        on order_lines.order_id = orders.order_id
    left join products
        on order_lines.product_id = products.product_id
)

select
    order_id,
    profile_id,
    product_id,
    order_status,
    line_number,
    quantity,
    gross_amount,
    discount_amount,
    offer_discount_amount,
    net_amount,
    margin_amount,
    order_date
from lines_with_order
