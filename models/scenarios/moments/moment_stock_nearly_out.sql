-- What she bought is about to run out. Subject: the category; value: the days that it lasts. A purchase of the category
-- takes the moment back, and so does it when she denies profiling, also between two runs that foretell: an evening
-- knows the orders of its day.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'stock_nearly_out'
),

replenishments as (
    select * from {{ ref('replenishments') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

open_replenishments as (
    select replenishments.*
    from replenishments
    inner join moment_windows
        on replenishments.runs_out_date between moment_windows.oldest_date and moment_windows.newest_date
    {{ anti_join() }} profiling_denials
        on replenishments.profile_id = profiling_denials.profile_id
),

bought_again as (
    select distinct
        open_replenishments.profile_id,
        open_replenishments.category
    from open_replenishments
    inner join orders
        on
            open_replenishments.profile_id = orders.profile_id
            and orders.order_date > open_replenishments.last_purchase_date
    inner join order_lines
        on orders.order_id = order_lines.order_id
    inner join products
        on
            order_lines.product_id = products.product_id
            and open_replenishments.category = products.category
    where
        orders.order_status = 'completed'
        and order_lines.quantity > 0
        and {{ happened_by('orders.ordered_at') }}
)

select
    open_replenishments.profile_id,
    'stock_nearly_out' as moment,
    {{ dbt.concat(["cast(open_replenishments.last_purchase_date as string)", "' '", "open_replenishments.category"]) }}
        as moment_key,
    open_replenishments.product_id as moment_reference,
    open_replenishments.category as subject,
    {{ json_object({
        'category': 'open_replenishments.category',
        'last_purchase_date': 'cast(open_replenishments.last_purchase_date as string)',
        'interval_days': 'open_replenishments.interval_days',
    }) }} as reason_parameters,
    {{ json_object({
        'category': 'open_replenishments.category',
        'product_id': 'open_replenishments.product_id',
        'product_name': 'products.product_name',
        'package_size': 'products.package_size',
    }) }} as personalisation,
    open_replenishments.interval_days as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    open_replenishments.runs_out_date as moment_date,
    cast(null as timestamp) as moment_at
from open_replenishments
left join products
    on open_replenishments.product_id = products.product_id
{{ anti_join() }} bought_again
    on
        open_replenishments.profile_id = bought_again.profile_id
        and open_replenishments.category = bought_again.category
