{%- set event_dates = {
    'profiles': 'created_date',
    'fct_orders': 'order_date',
    'fct_messages': 'sent_date',
    'fct_media_results': 'result_date',
    'fct_message_totals': 'event_date',
    'fct_interactions': 'occurred_date',
    'fct_loyalty_movements': 'occurred_date',
    'fct_service_events': 'occurred_date',
    'fct_web_events': 'occurred_date',
    'fct_carts': 'updated_date',
    'fct_coupons': 'assigned_date',
    'fct_offer_redemptions': 'redeemed_date',
    'fct_contracts': 'start_date',
} -%}
{%- set months = [
    'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
    'December',
] -%}
{%- set weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] -%}
with

event_ranges as (
    {% for model, column in event_dates.items() -%}
        select
            min({{ column }}) as first_date,
            max({{ column }}) as last_date
        from {{ ref(model) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- whole years, and one more: what expires or falls due lies in it
years as (
    select
        cast({{ dbt.date_trunc('year', 'min(first_date)') }} as date) as first_date,
        {{ add_months(dbt.date_trunc('year', 'max(last_date)'), 24) }} as end_date
    from event_ranges
    having min(first_date) is not null
),

digits as (
    {{ whole_numbers('digit', 0, 9) }}
),

-- 273 years of days
numbers as (
    select
        ten_thousands.digit * 10000 + thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10
        + ones.digit as day_number
    from digits as ten_thousands
    cross join digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as ones
),

days as (
    select {{ add_days('years.first_date', 'numbers.day_number') }} as calendar_date
    from years
    cross join numbers
    where numbers.day_number < {{ days_between('years.first_date', 'years.end_date') }}
),

weekdays as (
    select
        calendar_date,
        {{ iso_weekday('calendar_date') }} as iso_weekday
    from days
),

-- an ISO week belongs to the year that its Thursday lies in
weeks as (
    select
        calendar_date,
        iso_weekday,
        {{ add_days('calendar_date', '1 - iso_weekday') }} as week_start_date,
        {{ add_days('calendar_date', '4 - iso_weekday') }} as thursday_date,
        cast({{ dbt.date_trunc('year', add_days('calendar_date', '4 - iso_weekday')) }} as date) as iso_year_start_date
    from weekdays
),

periods as (
    select
        calendar_date,
        iso_weekday,
        week_start_date,
        cast(extract(year from calendar_date) as integer) as year_number,
        cast(extract(month from calendar_date) as integer) as month_number,
        cast(extract(day from calendar_date) as integer) as day_of_month,
        cast(extract(year from thursday_date) as integer) as iso_year_number,
        cast(floor({{ days_between('iso_year_start_date', 'thursday_date') }} / 7e0) as integer) + 1 as iso_week_number,
        {{ month_start('calendar_date') }} as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'calendar_date') }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc('year', 'calendar_date') }} as date) as year_start_date
    from weeks
),

named as (
    select
        *,
        cast(floor((month_number + 2) / 3e0) as integer) as quarter_number,
        case when month_number <= 6 then 1 else 2 end as half_year_number,
        case month_number
            {% for month in months -%}
                when {{ loop.index }} then '{{ month }}'
            {% endfor -%}
        end as month_name,
        case iso_weekday
            {% for weekday in weekdays -%}
                when {{ loop.index }} then '{{ weekday }}'
            {% endfor -%}
        end as weekday_name
    from periods
)

select
    {{ dbt.concat(['cast(year_number as string)', "'H'", 'cast(half_year_number as string)']) }} as half_year,
    {{ dbt.concat(['cast(year_number as string)', "'Q'", 'cast(quarter_number as string)']) }} as year_quarter,
    {{ dbt.concat([
        'cast(iso_year_number as string)',
        "case when iso_week_number < 10 then '-W0' else '-W' end",
        'cast(iso_week_number as string)',
    ]) }} as iso_week,
    month_name,
    weekday_name,
    year_number,
    half_year_number,
    quarter_number,
    month_number,
    day_of_month,
    iso_year_number,
    iso_week_number,
    iso_weekday,
    iso_weekday > 5 as is_weekend,
    calendar_date,
    week_start_date,
    month_start_date,
    {{ month_end('calendar_date') }} as month_end_date,
    quarter_start_date,
    case when month_number <= 6 then year_start_date else {{ add_months('year_start_date', 6) }} end
        as half_year_start_date,
    year_start_date
from named
