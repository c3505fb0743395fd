with

orders as (
    select * from {{ ref('intake_orders') }}
),

order_totals as (
    select * from {{ ref('order_totals') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

-- returns are few: whatever else an order was is not looked up
originals_of_returns as (
    select
        returns.order_id,
        returns.original_order_id,
        originals.source_system,
        originals.contact_id,
        originals.order_status
    from orders as returns
    inner join orders as originals
        on returns.original_order_id = originals.order_id
    where
        returns.order_status = 'returned'
        and returns.original_order_id <> returns.order_id
),

-- what a return gives back may be a return itself: one step further is the sale (order_findings lists the rest)
sales_of_returns as (
    select
        originals_of_returns.order_id,
        coalesce(originals_of_originals.source_system, originals_of_returns.source_system) as source_system,
        case
            when originals_of_originals.order_id is null then originals_of_returns.contact_id
            else originals_of_originals.contact_id
        end as contact_id,
        coalesce(originals_of_originals.order_status, originals_of_returns.order_status) as order_status
    from originals_of_returns
    left join originals_of_returns as originals_of_originals
        on originals_of_returns.original_order_id = originals_of_originals.order_id
),

buyers as (
    select
        sales_of_returns.order_id,
        contact_profiles.profile_id,
        sales_of_returns.order_status = 'cancelled' as was_cancelled
    from sales_of_returns
    left join contact_profiles
        on
            sales_of_returns.source_system = contact_profiles.source_system
            and sales_of_returns.contact_id = contact_profiles.contact_id
),

-- The till that takes goods back often does not ask who bought them, or knows only who brings them: what is given back
-- was the buyer's, and nobody's of a sale to nobody. Of a sale that was cancelled nothing was counted, so that nothing
-- can be taken off again.
orders_with_totals as (
    select
        orders.order_id,
        case
            when buyers.order_id is null then contact_profiles.profile_id
            else buyers.profile_id
        end as profile_id,
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
    from orders
    left join order_totals
        on orders.order_id = order_totals.order_id
    left join contact_profiles
        on
            orders.source_system = contact_profiles.source_system
            and orders.contact_id = contact_profiles.contact_id
    left join buyers
        on orders.order_id = buyers.order_id
)

select
    order_id,
    profile_id,
    store_id,
    original_order_id,
    source_system,
    sales_channel,
    order_status,
    currency_code,
    line_count,
    unit_count,
    gross_amount,
    discount_amount,
    offer_discount_amount,
    net_amount,
    order_date,
    ordered_at,
    delivered_at
from orders_with_totals
