with

orders as (
    select * from {{ ref('fct_orders') }}
),

profile_days as (
    select
        profile_id,
        cast(sum(case when {{ is_counted_order() }} then 1 else 0 end) as integer) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        order_date
    from orders
    where
        profile_id is not null
        and order_status <> 'cancelled'
    group by profile_id, order_date
)

select
    profile_id,
    orders,
    net_amount,
    order_date
from profile_days
