create table fct_order_lines as
select
    lines.order_id,
    orders.profile_id,
    lines.product_id,
    orders.order_status,
    lines.line_number,
    lines.quantity,
    lines.gross_amount,
    lines.discount_amount,
    lines.offer_discount_amount,
    lines.net_amount,
    -- the made-up retailer tells no margins
    cast(null as decimal(18, 2)) as margin_amount,
    orders.order_date
from raw_order_lines as lines
inner join fct_orders as orders using (order_id);
