{# No order of a known person is lost or counted twice on the way to days. Fails with one row when a sum differs. #}
with

orders as (
    select
        coalesce(sum(case when {{ is_counted_order() }} then 1 else 0 end), 0) as order_count,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('fct_orders') }}
    where
        profile_id is not null
        and order_status in ('completed', 'returned')
),

days as (
    select
        coalesce(sum(orders), 0) as order_count,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('profile_days') }}
)

select
    orders.order_count as in_orders,
    days.order_count as in_days,
    orders.net_amount as amount_in_orders,
    days.net_amount as amount_in_days
from orders
cross join days
where
    orders.order_count <> days.order_count
    or orders.net_amount <> days.net_amount
