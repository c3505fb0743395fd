{%- set item = setting('recommendation_item') -%}
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

months as (
    select * from {{ ref('dim_months') }}
    where segment_month {{ recommendation_months() }}
),

rules as (
    {{- taste_rules() -}}
),

looked_at as (
    select
        months.segment_month,
        months.month_end_date,
        rules.recommendation_decay_days,
        rules.learning_profiles,
        {{ add_days('months.month_end_date', '-rules.recommendation_window_days') }} as window_begins_after
    from months
    cross join rules
),

bounds as (
    select
        min(window_begins_after) as begins_after,
        max(month_end_date) as last_date
    from looked_at
),

-- whoever buys an item twice on a day bought it once
purchase_days as (
    select distinct
        order_lines.profile_id,
        products.{{ item }} as item,
        order_lines.order_date
    from order_lines
    inner join products on order_lines.product_id = products.product_id
    inner join bounds
        on order_lines.order_date > bounds.begins_after and order_lines.order_date <= bounds.last_date
    where
        order_lines.profile_id is not null
        and products.{{ item }} is not null
        and order_lines.order_status = 'completed'
        and order_lines.quantity > 0
),

counted as (
    select
        purchase_days.profile_id,
        purchase_days.item,
        cast(count(*) as integer) as purchases,
        looked_at.segment_month,
        max(purchase_days.order_date) as last_purchase_date
    from purchase_days
    inner join looked_at
        on
            purchase_days.order_date > looked_at.window_begins_after
            and purchase_days.order_date <= looked_at.month_end_date
    group by purchase_days.profile_id, purchase_days.item, looked_at.segment_month
),

buyers as (
    select distinct profile_id
    from counted
),

-- the draw is the same each month: what was learnt changes with what people buy, not with who was asked
drawn as (
    select
        profile_id,
        row_number() over (order by {{ sha256_hex('profile_id') }} asc nulls last, profile_id asc nulls last)
            as buyer_number
    from buyers
)

select
    counted.profile_id,
    counted.item,
    counted.purchases,
    cast(drawn.buyer_number as integer) as buyer_number,
    -- rounded: engines differ in the last digit, and equal ones are to be equal
    round(
        counted.purchases
        * exp(
            -cast({{ days_between('counted.last_purchase_date', 'looked_at.month_end_date') }} as double)
            / looked_at.recommendation_decay_days
        ),
        9
    ) as decayed_purchases,
    drawn.buyer_number <= looked_at.learning_profiles as is_learnt_from,
    counted.segment_month,
    counted.last_purchase_date
from counted
inner join drawn on counted.profile_id = drawn.profile_id
inner join looked_at on counted.segment_month = looked_at.segment_month
