-- Products that the person wished for, or looked at while they were gone, can be bought again. A wish ends with the
-- purchase. Value: how many.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'available_again'
),

availability_changes as (
    select * from {{ ref('fct_product_availability') }}
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

stocks as (
    select
        product_id,
        is_available,
        changed_at,
        lag(is_available) over (
            partition by product_id
            order by changed_at asc nulls last
        ) as was_available,
        lag(changed_at) over (
            partition by product_id
            order by changed_at asc nulls last
        ) as gone_at,
        row_number() over (
            partition by product_id
            order by changed_at desc nulls last
        ) as newness
    from availability_changes
    where {{ happened_by('changed_at') }}
),

-- what has gone again since cannot be bought, and what was never gone did not come back
returns as (
    select
        stocks.product_id,
        stocks.gone_at,
        stocks.changed_at,
        {{ local_date('stocks.changed_at') }} as returned_date
    from stocks
    inner join moment_windows
        on {{ local_date('stocks.changed_at') }} >= moment_windows.oldest_date
    where
        stocks.newness = 1
        and stocks.is_available
        and not stocks.was_available
),

wishes as (
    select
        web_events.profile_id,
        returns.product_id,
        returns.returned_date,
        returns.changed_at,
        max(web_events.occurred_at) as wished_at
    from returns
    inner join web_events
        on
            returns.product_id = web_events.product_id
            and returns.changed_at >= web_events.occurred_at
    where
        web_events.event_type = 'wishlist_add'
        or (web_events.event_type = 'product_view' and web_events.occurred_at >= returns.gone_at)
    group by
        web_events.profile_id,
        returns.product_id,
        returns.returned_date,
        returns.changed_at
),

purchases as (
    select
        orders.profile_id,
        order_lines.product_id,
        max(orders.ordered_at) as bought_at
    from returns
    inner join order_lines
        on returns.product_id = order_lines.product_id
    inner join orders
        on order_lines.order_id = orders.order_id
    where
        orders.order_status = 'completed'
        and {{ happened_by('orders.ordered_at') }}
    group by
        orders.profile_id,
        order_lines.product_id
),

awaited_products as (
    select wishes.*
    from wishes
    left join purchases
        on
            wishes.profile_id = purchases.profile_id
            and wishes.product_id = purchases.product_id
    where
        purchases.bought_at is null
        or purchases.bought_at < wishes.wished_at
),

days as (
    select
        profile_id,
        returned_date,
        count(*) as products,
        {{ sorted_list('product_id') }} as product_ids,
        max(changed_at) as returned_at
    from awaited_products
    group by
        profile_id,
        returned_date
)

select
    profile_id,
    'available_again' as moment,
    cast(returned_date as string) as moment_key,
    cast(returned_date as string) as moment_reference,
    cast(null as string) as subject,
    {{ json_object({'products': 'products'}) }} as reason_parameters,
    {{ json_object({'product_ids': 'product_ids'}) }} as personalisation,
    products as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    returned_date as moment_date,
    returned_at as moment_at
from days
