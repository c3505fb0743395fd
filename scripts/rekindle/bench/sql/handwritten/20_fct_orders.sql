create table fct_orders as
with buyers as (
    select
        returns.order_id,
        contact_profiles.profile_id,
        originals.order_status = 'cancelled' as was_cancelled
    from raw_orders as returns
    inner join raw_orders as originals on returns.original_order_id = originals.order_id
    left join contact_profiles
        on
            originals.source_system = contact_profiles.source_system
            and originals.contact_id = contact_profiles.contact_id
    where returns.order_status = 'returned'
)
select
    orders.order_id,
    case when buyers.order_id is null then contact_profiles.profile_id else buyers.profile_id end as profile_id,
    orders.store_id,
    orders.original_order_id,
    orders.source_system,
    orders.sales_channel,
    case when buyers.was_cancelled then 'cancelled' else orders.order_status end as order_status,
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
left join contact_profiles using (source_system, contact_id)
left join buyers using (order_id);
