-- Bought on a day. Subject: first, or repeat; value: what was spent that day. A first customer, of whom nobody knows
-- more than this purchase, is told what others buy who buy the same.
{%- set item = setting('recommendation_item') %}

with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'order'
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

profiles as (
    select * from {{ ref('dim_profiles') }}
),

item_similarities as (
    select * from {{ ref('item_similarities') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

open_orders as (
    select orders.*
    from orders
    inner join moment_windows
        on orders.order_date >= moment_windows.oldest_date
    where
        orders.order_status = 'completed'
        and {{ happened_by('orders.ordered_at') }}
),

-- several orders of one day are one visit: the last of them is the moment, so that none of them stops its journey
days as (
    select
        profile_id,
        order_date,
        min(order_id) as order_id,
        min(store_id) as store_id,
        sum(net_amount) as net_amount,
        max(ordered_at) as ordered_at
    from open_orders
    group by
        profile_id,
        order_date
),

category_amounts as (
    select
        open_orders.profile_id,
        open_orders.order_date,
        products.category,
        sum(order_lines.net_amount) as net_amount
    from open_orders
    inner join order_lines
        on open_orders.order_id = order_lines.order_id
    inner join products
        on order_lines.product_id = products.product_id
    where products.category is not null
    group by
        open_orders.profile_id,
        open_orders.order_date,
        products.category
),

ranked_categories as (
    select
        profile_id,
        order_date,
        category,
        row_number() over (
            partition by profile_id, order_date
            order by net_amount desc nulls last, category asc nulls last
        ) as place
    from category_amounts
),

newest_similarities as (
    select max(segment_month) as segment_month
    from item_similarities
),

similar_items as (
    select
        item_similarities.item,
        item_similarities.similar_item,
        item_similarities.similarity
    from item_similarities
    inner join newest_similarities
        on item_similarities.segment_month = newest_similarities.segment_month
),

first_items as (
    select distinct
        open_orders.profile_id,
        open_orders.order_date,
        products.{{ item }} as item
    from open_orders
    inner join profiles
        on
            open_orders.profile_id = profiles.profile_id
            and open_orders.order_date = profiles.first_order_date
    inner join order_lines
        on open_orders.order_id = order_lines.order_id
    inner join products
        on order_lines.product_id = products.product_id
    {{ anti_join() }} profiling_denials
        on open_orders.profile_id = profiling_denials.profile_id
    where products.{{ item }} is not null
),

-- what she has bought already goes well with nothing
going_well_with as (
    select
        first_items.profile_id,
        first_items.order_date,
        similar_items.similar_item as item,
        max(similar_items.similarity) as similarity
    from first_items
    inner join similar_items
        on first_items.item = similar_items.item
    left join first_items as bought
        on
            first_items.profile_id = bought.profile_id
            and first_items.order_date = bought.order_date
            and similar_items.similar_item = bought.item
    where bought.item is null
    group by
        first_items.profile_id,
        first_items.order_date,
        similar_items.similar_item
),

ranked_items as (
    select
        profile_id,
        order_date,
        item,
        row_number() over (
            partition by profile_id, order_date
            order by similarity desc nulls last, item asc nulls last
        ) as place
    from going_well_with
),

listed_items as (
    select
        profile_id,
        order_date,
        max(case when place = 1 then item end) as item_1,
        max(case when place = 2 then item end) as item_2,
        max(case when place = 3 then item end) as item_3
    from ranked_items
    group by
        profile_id,
        order_date
)

select
    days.profile_id,
    'order' as moment,
    cast(days.order_date as string) as moment_key,
    days.order_id as moment_reference,
    case when days.order_date = profiles.first_order_date then 'first' else 'repeat' end as subject,
    {{ json_object({'net_amount': 'cast(days.net_amount as decimal(18, 2))'}) }} as reason_parameters,
    {{ json_object({
        'order_id': 'days.order_id',
        'store_id': 'days.store_id',
        'category': 'ranked_categories.category',
        'item_1': 'listed_items.item_1',
        'item_2': 'listed_items.item_2',
        'item_3': 'listed_items.item_3',
    }) }} as personalisation,
    days.net_amount as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    days.order_date as moment_date,
    days.ordered_at as moment_at
from days
inner join profiles
    on days.profile_id = profiles.profile_id
left join ranked_categories
    on
        days.profile_id = ranked_categories.profile_id
        and days.order_date = ranked_categories.order_date
        and ranked_categories.place = 1
left join listed_items
    on
        days.profile_id = listed_items.profile_id
        and days.order_date = listed_items.order_date
