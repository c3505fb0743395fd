-- A recognised visitor left a cart and had not ordered by the cut-off of the as-of date.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'cart_left'
),

carts as (
    select * from {{ ref('fct_carts') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

open_carts as (
    select carts.*
    from carts
    inner join moment_windows
        on carts.updated_date >= moment_windows.oldest_date
    where
        {{ happened_by('carts.updated_at') }}
        and carts.order_id is null
        -- a cart whose count is not known holds what it names
        and coalesce(carts.item_count, case when trim(carts.items) <> '' then 1 else 0 end) > 0
),

-- A cart that an order followed was not abandoned, in whichever shop the order was made. Shops write the cart and its
-- order by two clocks, so that the cart may bear the later stamp.
last_orders as (
    select
        orders.profile_id,
        max(orders.ordered_at) as ordered_at
    from orders
    inner join moment_windows
        on orders.order_date >= {{ add_days(
            'moment_windows.oldest_date', -2 - setting('cart_order_tolerance_minutes') // 1440
        ) }}
    where
        orders.order_status = 'completed'
        and {{ happened_by('orders.ordered_at') }}
    group by orders.profile_id
),

abandoned_carts as (
    select open_carts.*
    from open_carts
    left join last_orders
        on open_carts.profile_id = last_orders.profile_id
    where
        last_orders.ordered_at is null
        or {{ add_seconds('last_orders.ordered_at', 60 * setting('cart_order_tolerance_minutes')) }}
        < open_carts.updated_at
)

select
    profile_id,
    'cart_left' as moment,
    cart_id as moment_key,
    cart_id as moment_reference,
    cast(null as string) as subject,
    {{ json_object({'item_count': 'item_count', 'cart_amount': 'cart_amount'}) }} as reason_parameters,
    {{ json_object({
        'cart_id': 'cart_id',
        'product_ids': 'items',
        'item_count': 'item_count',
        'cart_amount': 'cart_amount',
    }) }} as personalisation,
    cart_amount as moment_value,
    cart_amount as expected_value_amount,
    updated_date as moment_date,
    updated_at as moment_at
from abandoned_carts
