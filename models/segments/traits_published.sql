-- Where each person is in her life as a customer, how often she buys and how much she shows herself: a row for whoever
-- bought or responded, written with the RFM segments of the month and never rewritten.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        meta={'kept': true},
    )
}}

with

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

value_current as (
    select * from {{ ref('value_current') }}
),

profile_habits as (
    select * from {{ ref('profile_habits') }}
),

profile_appetencies as (
    select * from {{ ref('profile_appetencies') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

carts as (
    select * from {{ ref('fct_carts') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

-- whom a reactivation could not wake, as the last run left it: journeys come after the segments
isolations as (
    select * from {{ source('memory', 'isolations') }}
),

rules as (
    {{- habit_rules() -}}
),

-- a month that the brake holds back has no rows in rfm_published, hence none here
newest_month as (
    select
        max(segment_month) as segment_month,
        {{ month_end('max(segment_month)') }} as month_end_date
    from rfm_current
    where
        segment_month = {{ newest_closed_month() }}
        and {{ is_not_kept_yet('segment_month') }}
),

windows as (
    select
        rules.*,
        newest_month.segment_month,
        newest_month.month_end_date,
        {{ add_days('newest_month.month_end_date', '-rules.engagement_window_days') }} as engagement_begins_after,
        {{ add_days('newest_month.month_end_date', '-rules.intention_window_days') }} as intention_begins_after
    from newest_month
    cross join rules
    where newest_month.segment_month is not null
),

-- purchases have their own words: this is what she does beside them, each in the days that it is counted in
responses as (
    select
        interactions.profile_id,
        count(
            distinct case
                when interactions.occurred_date > windows.engagement_begins_after then interactions.occurred_date
            end
        ) as response_days,
        max(interactions.occurred_date) as last_response_date,
        sum(
            case
                when
                    interactions.interaction_kind = 'product_view'
                    and interactions.occurred_date > windows.intention_begins_after
                    then 1
                else 0
            end
        ) as views,
        sum(
            case
                when
                    interactions.interaction_kind = 'wishlist_add'
                    and interactions.occurred_date > windows.intention_begins_after
                    then 1
                else 0
            end
        ) as wishes
    from interactions
    inner join windows
        on
            interactions.occurred_date > least(windows.engagement_begins_after, windows.intention_begins_after)
            and interactions.occurred_date <= windows.month_end_date
    where
        interactions.is_from_person
        and interactions.interaction_kind not in ('order', 'return')
    group by interactions.profile_id
),

-- A cart that an order followed was bought, also where it names none: many shops write no order into a cart. They write
-- the two by two clocks, so that the cart may bear the later stamp.
last_orders as (
    select
        orders.profile_id,
        max(orders.ordered_at) as ordered_at
    from orders
    inner join windows
        on
            orders.order_date >= {{ add_days(
                'windows.intention_begins_after', -2 - setting('cart_order_tolerance_minutes') // 1440
            ) }}
            and orders.order_date <= windows.month_end_date
    where orders.order_status = 'completed'
    group by orders.profile_id
),

-- A cart with something in it that had not been bought by the month end; what it became later was not known then. Where
-- the count is not known, it holds what it names.
cart_counts as (
    select
        carts.profile_id,
        count(*) as carts
    from carts
    inner join windows
        on carts.updated_date > windows.intention_begins_after and carts.updated_date <= windows.month_end_date
    left join orders on carts.order_id = orders.order_id
    left join last_orders on carts.profile_id = last_orders.profile_id
    where
        carts.profile_id is not null
        and coalesce(carts.item_count, case when trim(carts.items) <> '' then 1 else 0 end) > 0
        and (carts.order_id is null or orders.order_date > windows.month_end_date)
        and (
            last_orders.ordered_at is null
            or {{ add_seconds('last_orders.ordered_at', 60 * setting('cart_order_tolerance_minutes')) }}
            < carts.updated_at
        )
    group by carts.profile_id
),

isolated as (
    select
        isolations.profile_id,
        isolations.isolated_from_date
    from isolations
    inner join newest_month
        on
            isolations.isolated_from_date <= newest_month.month_end_date
            and isolations.isolated_until_date > newest_month.month_end_date
),

people as (
    select profile_id from rfm_current
    union
    select profile_id from responses
    where response_days > 0 or views > 0 or wishes > 0
    union
    select profile_id from cart_counts
    union
    select profile_id from isolated
),

described as (
    select
        people.profile_id,
        case
            -- a sign of life since the last run ends it
            when
                isolated.profile_id is not null
                and coalesce(responses.last_response_date <= isolated.isolated_from_date, true)
                and coalesce(profile_habits.last_order_date <= isolated.isolated_from_date, true)
                then 'isolated'
            when rfm_current.profile_id is null then 'prospect'
            when
                coalesce(value_current.spend_cluster = 'inactive', false)
                or rfm_current.recency_days >= {{ setting('clv_period_days') }}
                then 'inactive'
            -- also where a sector has no cuts, and so no clusters
            when value_current.is_new then 'new'
            when value_current.is_at_risk_of_inactive then 'at_risk'
            else {{ lifecycle_stage_by_rung('rfm_current.rung') }}
        end as lifecycle_stage,
        case
            when coalesce(responses.response_days, 0) >= windows.engagement_high_days then 'high'
            when coalesce(responses.response_days, 0) >= windows.engagement_medium_days then 'medium'
            when coalesce(responses.response_days, 0) > 0 then 'low'
            else 'none'
        end as engagement_level,
        case
            when coalesce(cart_counts.carts, 0) > 0 or coalesce(responses.wishes, 0) > 0 then 'high'
            when coalesce(responses.views, 0) >= windows.intention_min_views then 'medium'
            when coalesce(responses.views, 0) > 0 then 'low'
            else 'none'
        end as intention_level,
        profile_habits.rf_habit,
        profile_habits.overdue_after_days,
        profile_habits.last_order_date,
        profile_appetencies.best_send_hour,
        cast(coalesce(responses.response_days, 0) as integer) as response_days,
        windows.segment_month
    from people
    cross join windows
    left join rfm_current on people.profile_id = rfm_current.profile_id
    left join value_current on people.profile_id = value_current.profile_id
    left join profile_habits on people.profile_id = profile_habits.profile_id
    left join profile_appetencies on people.profile_id = profile_appetencies.profile_id
    left join responses on people.profile_id = responses.profile_id
    left join cart_counts on people.profile_id = cart_counts.profile_id
    left join isolated on people.profile_id = isolated.profile_id
)

select
    profile_id,
    lifecycle_stage,
    engagement_level,
    intention_level,
    rf_habit,
    overdue_after_days,
    best_send_hour,
    response_days,
    segment_month,
    last_order_date,
    {{ as_of_date() }} as published_as_of_date
from described
