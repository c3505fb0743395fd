with

orders as (
    select * from {{ ref('fct_orders') }}
),

delivered as (
    select * from {{ ref('intake_orders') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

returns as (
    select *
    from orders
    where order_status = 'returned'
),

returns_per_order as (
    select
        original_order_id as order_id,
        cast(count(*) as integer) as return_count,
        cast(sum(net_amount) as decimal(18, 2)) as returned_amount
    from returns
    where original_order_id is not null
    group by original_order_id
),

returned_orders as (
    select
        orders.order_id,
        orders.source_system,
        orders.order_status,
        orders.net_amount,
        returns_per_order.returned_amount,
        returns_per_order.return_count,
        orders.order_date
    from returns_per_order
    inner join orders
        on returns_per_order.order_id = orders.order_id
),

brought_by as (
    select
        delivered.order_id,
        contact_profiles.profile_id
    from delivered
    inner join contact_profiles
        on
            delivered.source_system = contact_profiles.source_system
            and delivered.contact_id = contact_profiles.contact_id
    where delivered.order_status = 'returned'
),

-- also of a sale that was cancelled: somebody holds goods that another one bought
brought_by_another as (
    select orders.*
    from orders
    inner join brought_by
        on orders.order_id = brought_by.order_id
    where
        orders.profile_id is null
        or orders.profile_id <> brought_by.profile_id
),

-- of a sale that was cancelled, and of its return, no return counts: one that does was looked up too few steps back
findings as (
    select
        order_id,
        source_system,
        case when order_status = 'completed' then 'returns_exceed_sale' else 'return_of_a_return' end as finding,
        net_amount,
        returned_amount,
        return_count,
        order_date
    from returned_orders
    where
        order_status <> 'completed'
        or net_amount + returned_amount < 0

    union all

    select
        returns.order_id,
        returns.source_system,
        'return_of_unknown_sale' as finding,
        returns.net_amount,
        cast(0 as decimal(18, 2)) as returned_amount,
        cast(0 as integer) as return_count,
        returns.order_date
    from returns
    {{ anti_join() }} returned_orders
        on returns.original_order_id = returned_orders.order_id

    union all

    select
        order_id,
        source_system,
        'return_by_another' as finding,
        net_amount,
        cast(0 as decimal(18, 2)) as returned_amount,
        cast(0 as integer) as return_count,
        order_date
    from brought_by_another

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
