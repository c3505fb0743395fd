with

orders as (
    select * from {{ ref('fct_orders') }}
),

returns_per_order as (
    select
        original_order_id as order_id,
        cast(count(*) as integer) as return_count,
        cast(sum(net_amount) as decimal(18, 2)) as returned_amount
    from orders
    where
        order_status = 'returned'
        and original_order_id is not null
    group by original_order_id
),

findings as (
    select
        orders.order_id,
        orders.source_system,
        'returns_exceed_sale' as finding,
        orders.net_amount,
        returns_per_order.returned_amount,
        returns_per_order.return_count,
        orders.order_date
    from returns_per_order
    inner join orders
        on returns_per_order.order_id = orders.order_id
    where
        orders.order_status = 'completed'
        and orders.net_amount + returns_per_order.returned_amount < 0

    union all

    select
        order_id,
        source_system,
        'completed_without_lines' as finding,
        net_amount,
        cast(0 as decimal(18, 2)) as returned_amount,
        cast(0 as integer) as return_count,
        order_date
    from orders
    where
        order_status = 'completed'
        and line_count = 0
)

select * from findings
