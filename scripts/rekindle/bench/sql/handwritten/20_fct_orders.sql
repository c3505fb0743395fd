create table fct_orders as
select
    orders.order_id,
    contact_profiles.profile_id,
    orders.store_id,
    orders.original_order_id,
    orders.source_system,
    orders.sales_channel,
    orders.order_status,
    orders.currency_code,
    coalesce(order_totals.line_count, 0) as line_count,
    coalesce(order_totals.unit_count, 0) as unit_count,
    coalesce(order_totals.gross_amount, 0) as gross_amount,
    coalesce(order_totals.discount_amount, 0) as discount_amount,
    coalesce(order_totals.offer_discount_amount, 0) as offer_discount_amount,
    coalesce(order_totals.net_amount, 0) as net_amount,
    orders.order_date,
    orders.ordered_at,
    orders.delivered_at
from raw_orders as orders
left join order_totals using (order_id)
left join contact_profiles using (source_system, contact_id);
