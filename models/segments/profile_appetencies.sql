-- What a person is inclined to, each with the observations behind it: null where they are too few, or may not be used.
with

profile_days as (
    select * from {{ ref('profile_days') }}
),

-- Each is read twice, and named twice: what is read twice under one name may be copied first, whole.
order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

product_lines as (
    select * from {{ ref('fct_order_lines') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

placed_orders as (
    select * from {{ ref('fct_orders') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

channel_appetencies as (
    select * from {{ ref('channel_appetencies') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

rules as (
    {{- habit_rules() -}}
),

months as (
    select * from {{ ref('dim_months') }}
    where segment_month = {{ newest_closed_month() }}
),

windows as (
    select
        rules.*,
        months.segment_month,
        months.month_end_date,
        {{ add_days('months.month_end_date', '-rules.promotion_window_days') }} as promotion_begins_after,
        {{ add_days('months.month_end_date', '-rules.drive_window_days') }} as drive_begins_after,
        {{ add_days('months.month_end_date', '-rules.time_window_days') }} as time_begins_after,
        {{ add_days('months.month_end_date', '-rules.place_window_days') }} as place_begins_after
    from months
    cross join rules
    where {{ planned_once() }}
),

purchase_days as (
    select
        profile_days.profile_id,
        count(*) as purchase_days
    from profile_days
    inner join windows
        on
            profile_days.order_date > windows.promotion_begins_after
            and profile_days.order_date <= windows.month_end_date
    where profile_days.orders > 0
    group by profile_days.profile_id
),

spent as (
    select
        order_lines.profile_id,
        sum(order_lines.net_amount) as net_amount,
        sum(
            case
                when order_lines.discount_amount > 0 or order_lines.offer_discount_amount > 0
                    then order_lines.net_amount
                else 0
            end
        ) as discounted_amount
    from order_lines
    inner join windows
        on
            order_lines.order_date > windows.promotion_begins_after
            and order_lines.order_date <= windows.month_end_date
    where
        order_lines.profile_id is not null
        and order_lines.order_status = 'completed'
    group by order_lines.profile_id
),

usual_promotion as (
    select cast(sum(discounted_amount) as double) / nullif(cast(sum(net_amount) as double), 0) as share
    from spent
),

promotion as (
    select
        spent.profile_id,
        purchase_days.purchase_days,
        case
            when purchase_days.purchase_days >= windows.promotion_min_days and spent.net_amount > 0
                then {{ shrunk_share(
                    'purchase_days.purchase_days * least(greatest(cast(spent.discounted_amount as double)'
                    ~ ' / cast(spent.net_amount as double), 0), 1)',
                    'purchase_days.purchase_days', 'usual_promotion.share', 'windows.promotion_weight'
                ) }}
        end as promotion_sensitivity
    from spent
    inner join purchase_days on spent.profile_id = purchase_days.profile_id
    cross join usual_promotion
    cross join windows
),

-- of users only: who will become one, nothing tells
drive as (
    select
        orders.profile_id,
        count(*) as drive_base_orders,
        cast(sum(case when orders.sales_channel = 'drive' then 1 else 0 end) as double) / count(*) as drive_share
    from orders
    inner join windows
        on orders.order_date > windows.drive_begins_after and orders.order_date <= windows.month_end_date
    where
        orders.profile_id is not null
        and orders.order_status = 'completed'
    group by orders.profile_id
    having sum(case when orders.sales_channel = 'drive' then 1 else 0 end) > 0
),

store_orders as (
    select
        placed_orders.profile_id,
        placed_orders.store_id,
        count(*) as orders,
        sum(count(*)) over (partition by placed_orders.profile_id) as all_orders,
        row_number() over (
            partition by placed_orders.profile_id
            order by
                count(*) desc nulls last,
                max(placed_orders.ordered_at) desc nulls last,
                placed_orders.store_id asc nulls last
        ) as place
    from placed_orders
    inner join windows
        on placed_orders.order_date > windows.place_begins_after and placed_orders.order_date <= windows.month_end_date
    where
        placed_orders.profile_id is not null
        and placed_orders.store_id is not null
        and placed_orders.order_status = 'completed'
    group by placed_orders.profile_id, placed_orders.store_id
),

category_days as (
    select
        product_lines.profile_id,
        products.category,
        count(distinct product_lines.order_date) as days
    from product_lines
    inner join products on product_lines.product_id = products.product_id
    inner join windows
        on
            product_lines.order_date > windows.place_begins_after
            and product_lines.order_date <= windows.month_end_date
    where
        product_lines.profile_id is not null
        and product_lines.order_status = 'completed'
        and products.category is not null
    group by product_lines.profile_id, products.category
),

usual_categories as (
    select
        category,
        sum(days) as days
    from category_days
    group by category
),

-- What everybody buys is nobody's preference: the lift of her share of days over everybody's. Her own days are the same
-- for each of her categories, so that they change no order.
ranked_categories as (
    select
        category_days.profile_id,
        category_days.category,
        category_days.days,
        row_number() over (
            partition by category_days.profile_id
            order by
                cast(category_days.days as double) / usual_categories.days desc nulls last,
                category_days.days desc nulls last,
                category_days.category asc nulls last
        ) as place
    from category_days
    inner join usual_categories on category_days.category = usual_categories.category
    cross join windows
    where category_days.days >= windows.place_min_orders
),

-- what she did herself, by the clock on her wall; an open says when a machine fetched a picture
events as (
    select
        interactions.profile_id,
        extract(hour from {{ local_timestamp('interactions.occurred_at') }}) as send_hour,
        {{ iso_weekday('interactions.occurred_date') }} as send_weekday
    from interactions
    inner join windows
        on
            interactions.occurred_date > windows.time_begins_after
            and interactions.occurred_date <= windows.month_end_date
    where
        interactions.is_from_person
        and interactions.interaction_kind in ('click', 'visit', 'order')
),

{% for unit in ['hour', 'weekday'] -%}
    {{ unit }}_counts as (
        select
            profile_id,
            send_{{ unit }},
            count(*) as events,
            sum(count(*)) over (partition by profile_id) as all_events
        from events
        group by profile_id, send_{{ unit }}
    ),

    usual_{{ unit }}s as (
        select
            send_{{ unit }},
            cast(sum(events) as double) / sum(sum(events)) over () as share
        from {{ unit }}_counts
        group by send_{{ unit }}
    ),

    ranked_{{ unit }}s as (
        select
            {{ unit }}_counts.profile_id,
            {{ unit }}_counts.send_{{ unit }},
            {{ unit }}_counts.all_events,
            row_number() over (
                partition by {{ unit }}_counts.profile_id
                order by
                    {{ shrunk_share(
                        unit ~ '_counts.events', unit ~ '_counts.all_events', 'usual_' ~ unit ~ 's.share',
                        'windows.time_weight'
                    ) }} desc nulls last,
                    {{ unit }}_counts.send_{{ unit }} asc nulls last
            ) as place
        from {{ unit }}_counts
        inner join usual_{{ unit }}s on {{ unit }}_counts.send_{{ unit }} = usual_{{ unit }}s.send_{{ unit }}
        cross join windows
    ),

{% endfor -%}
ranked_channels as (
    select
        profile_id,
        channel,
        row_number() over (
            partition by profile_id
            order by click_appetency desc nulls last, channel asc nulls last
        ) as place
    from channel_appetencies
    where click_appetency is not null
),

people as (
    select profile_id from promotion
    union
    select profile_id from ranked_hours
    union
    select profile_id from channel_appetencies
)

select
    people.profile_id,
    case when denials.profile_id is not null then 'profiling_denied' end as no_appetency_reason,
    {%- set may = 'denials.profile_id is null' %}
    case when {{ may }} then promotion.promotion_sensitivity end as promotion_sensitivity,
    cast(coalesce(promotion.purchase_days, 0) as integer) as purchase_days,
    case when {{ may }} and drive.drive_base_orders >= windows.drive_min_orders then drive.drive_share end
        as drive_appetency,
    cast(coalesce(drive.drive_base_orders, 0) as integer) as drive_user_orders,
    case when {{ may }} and store_orders.all_orders >= windows.place_min_orders then store_orders.store_id end
        as usual_store_id,
    cast(coalesce(store_orders.orders, 0) as integer) as usual_store_orders,
    case when {{ may }} then ranked_categories.category end as preferred_category,
    cast(coalesce(ranked_categories.days, 0) as integer) as preferred_category_days,
    case when {{ may }} then ranked_channels.channel end as responsive_channel,
    case
        when {{ may }} and ranked_hours.all_events >= windows.time_min_events
            then cast(ranked_hours.send_hour as integer)
    end as best_send_hour,
    case
        when {{ may }} and ranked_weekdays.all_events >= windows.time_min_events
            then cast(ranked_weekdays.send_weekday as integer)
    end as best_send_weekday,
    cast(coalesce(ranked_hours.all_events, 0) as integer) as timed_events,
    windows.segment_month
from people
cross join windows
left join promotion on people.profile_id = promotion.profile_id
left join drive on people.profile_id = drive.profile_id
left join store_orders on people.profile_id = store_orders.profile_id and store_orders.place = 1
left join ranked_categories on people.profile_id = ranked_categories.profile_id and ranked_categories.place = 1
left join ranked_channels on people.profile_id = ranked_channels.profile_id and ranked_channels.place = 1
left join ranked_hours on people.profile_id = ranked_hours.profile_id and ranked_hours.place = 1
left join ranked_weekdays on people.profile_id = ranked_weekdays.profile_id and ranked_weekdays.place = 1
left join denials on people.profile_id = denials.profile_id
