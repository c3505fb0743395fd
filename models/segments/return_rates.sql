{%- set least_months = 2 -%}
{%- set prior = 'cast(' ~ setting('return_rate_prior') ~ ' as double)' -%}
with

return_counts as (
    select * from {{ ref('return_counts') }}
),

months as (
    select * from {{ ref('dim_months') }}
),

recency_bands as (
    {{- return_rate_bands('recency') -}}
),

order_days_bands as (
    {{- return_rate_bands('order_days') -}}
),

-- No look-ahead: at a month end only what had matured by then is known.
known as (
    select
        months.segment_month,
        return_counts.horizon_days,
        return_counts.recency_band,
        return_counts.order_days_band,
        cast(sum(return_counts.profiles) as double) as profiles,
        cast(sum(return_counts.silent_profiles) as double) as silent_profiles
    from months
    inner join return_counts
        on
            {{ add_days('return_counts.month_end_date', 'return_counts.horizon_days') }} <= months.month_end_date
    group by
        months.segment_month,
        return_counts.horizon_days,
        return_counts.recency_band,
        return_counts.order_days_band
),

everybody as (
    select
        months.segment_month,
        return_counts.horizon_days,
        count(distinct return_counts.segment_month) as learned_months,
        cast(sum(return_counts.silent_profiles) as double) / cast(sum(return_counts.profiles) as double) as silent_share
    from months
    inner join return_counts
        on
            {{ add_days('return_counts.month_end_date', 'return_counts.horizon_days') }} <= months.month_end_date
    group by
        months.segment_month,
        return_counts.horizon_days
),

-- every cell there can be, so that one never seen has a rate, too: that of its recency
cells as (
    select
        everybody.segment_month,
        everybody.horizon_days,
        everybody.learned_months,
        everybody.silent_share,
        recency_bands.band as recency_band,
        recency_bands.min_value as min_recency_days,
        recency_bands.next_min_value as next_min_recency_days,
        order_days_bands.band as order_days_band,
        order_days_bands.min_value as min_order_days,
        order_days_bands.next_min_value as next_min_order_days,
        coalesce(known.profiles, cast(0 as double)) as profiles,
        coalesce(known.silent_profiles, cast(0 as double)) as silent_profiles
    from everybody
    cross join recency_bands
    cross join order_days_bands
    left join known
        on
            everybody.segment_month = known.segment_month
            and everybody.horizon_days = known.horizon_days
            and recency_bands.band = known.recency_band
            and order_days_bands.band = known.order_days_band
),

-- A small cell borrows from its recency, and a small recency from everybody: as much as `prior` customers would weigh.
recencies as (
    select
        *,
        (sum(silent_profiles) over recency_window + {{ prior }} * silent_share)
        / (sum(profiles) over recency_window + {{ prior }}) as recency_probability
    from cells
    window recency_window as (partition by segment_month, horizon_days, recency_band)
)

select
    cast(horizon_days as integer) as horizon_days,
    recency_band,
    order_days_band,
    min_recency_days,
    next_min_recency_days,
    min_order_days,
    next_min_order_days,
    cast(learned_months as integer) as learned_months,
    cast(profiles as bigint) as profiles,
    cast(silent_profiles as bigint) as silent_profiles,
    case when learned_months >= {{ least_months }} then recency_probability end as recency_probability,
    case
        when learned_months >= {{ least_months }}
            then (silent_profiles + {{ prior }} * recency_probability) / (profiles + {{ prior }})
    end as silent_probability,
    segment_month
from recencies
