with

profile_days as (
    select * from {{ ref('profile_days') }}
),

-- earlier orders are known of some customers only: they have no months, and nothing is learned from them
first_order as (
    select greatest(min(order_date), {{ orders_complete_from() }}) as order_date
    from profile_days
    where order_date <= {{ as_of_date() }}
    having min(order_date) is not null
),

digits as (
    {{ whole_numbers('digit', 0, 9) }}
),

-- 83 years of month numbers; the spine steps from a first of the month, because steps from the 31st drift
numbers as (
    select hundreds.digit * 100 + tens.digit * 10 + ones.digit as month_number
    from digits as hundreds
    cross join digits as tens
    cross join digits as ones
),

months as (
    select
        first_order.order_date as data_start_date,
        {{ add_months(month_start('first_order.order_date'), 'numbers.month_number') }} as segment_month,
        {{ add_days('first_order.order_date', setting('rfm_window_days')) }} as warm_until_date
    from first_order
    cross join numbers
    where first_order.order_date is not null
),

closed_months as (
    select
        segment_month,
        data_start_date,
        {{ month_end('segment_month') }} as month_end_date,
        -- the window of these months reaches back before the data: their moves say more about the data than about
        -- people
        {{ month_end('segment_month') }} < warm_until_date as is_warm_up,
        {{ published_at('segment_month') }} as published_at
    from months
    where segment_month <= {{ newest_closed_month() }}
)

select
    is_warm_up,
    segment_month,
    month_end_date,
    data_start_date,
    published_at
from closed_months
