-- The days numbered as they age a silence: a closed day has the number of the day before it.
with

closure_periods as (
    select * from {{ ref('closure_periods') }}
),

digits as (
    {{ whole_numbers('digit', 0, 9) }}
),

-- 27 years up to the as-of date, and enough after it for the longest threshold
calendar as (
    select
        {{ add_days(
            as_of_date(), 'ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit - 9000'
        ) }} as calendar_date
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

closed_dates as (
    select distinct calendar.calendar_date
    from calendar
    inner join closure_periods
        on calendar.calendar_date between closure_periods.closed_from and closure_periods.closed_to
),

marked as (
    select
        calendar.calendar_date,
        closed_dates.calendar_date is not null as is_closed
    from calendar
    left join closed_dates on calendar.calendar_date = closed_dates.calendar_date
)

select
    cast(sum(case when is_closed then 0 else 1 end) over (
        order by calendar_date asc nulls last
        rows between unbounded preceding and current row
    ) as integer) as open_day_number,
    is_closed,
    calendar_date
from marked
