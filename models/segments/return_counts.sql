{%- set horizons = return_horizons() -%}
{%- set first_recomputed_month = add_months(newest_closed_month(), -4) -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(add_months(newest_closed_month(), -4)) }}",
    )
}}
-- What customers did in the days after each month end, counted by where they stood at it. Five months are recomputed:
-- the longest horizon needs four to mature, and late orders arrive.

with

profile_days as (
    select * from {{ ref('profile_days') }}
    where orders > 0
),

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

dim_months as (
    select * from {{ ref('dim_months') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

recency_bands as (
    {{- return_rate_bands('recency') -}}
),

order_days_bands as (
    {{- return_rate_bands('order_days') -}}
),

horizons as (
    {{ literal_rows(['horizon_days'], horizons | batch(1)) }}
),

-- before the first of them nobody knows how often somebody buys
months as (
    select
        segment_month,
        month_end_date,
        data_start_date
    from dim_months
    where
        month_end_date >= {{ add_days('data_start_date', return_window_days()) }}
        and {{ add_days('month_end_date', horizons | min) }} <= {{ month_end(newest_closed_month()) }}
        {% if is_incremental() -%}
            and segment_month >= {{ first_recomputed_month }}
        {%- endif %}
),

near_days as (
    select
        profile_days.profile_id,
        months.segment_month,
        cast(sum(case when profile_days.order_date <= months.month_end_date then 1 else 0 end) as integer)
            as order_days,
        min(case when profile_days.order_date > months.month_end_date then profile_days.order_date end)
            as next_order_date
    from months
    inner join profile_days
        on
            profile_days.order_date > {{ add_days('months.month_end_date', -return_window_days()) }}
            and profile_days.order_date <= {{ add_days('months.month_end_date', horizons | max) }}
    group by
        profile_days.profile_id,
        months.segment_month
),

-- whoever bought last before the record is complete is known because she stayed away, which teaches nothing
standing as (
    select
        rfm_monthly.segment_month,
        rfm_monthly.recency_days,
        months.month_end_date,
        near_days.next_order_date,
        coalesce(near_days.order_days, 0) as order_days
    from rfm_monthly
    inner join months on rfm_monthly.segment_month = months.segment_month
    left join near_days
        on
            rfm_monthly.profile_id = near_days.profile_id
            and rfm_monthly.segment_month = near_days.segment_month
    left join open_days as start_days on months.data_start_date = start_days.calendar_date
    left join open_days as month_end_days on months.month_end_date = month_end_days.calendar_date
    where
        rfm_monthly.recency_days
        <= {{ open_days_between('months.data_start_date', 'months.month_end_date', 'start_days', 'month_end_days') }}
),

-- only horizons that have passed by the end of the newest closed month
outcomes as (
    select
        standing.segment_month,
        standing.month_end_date,
        standing.recency_days,
        standing.order_days,
        horizons.horizon_days,
        count(*) as profiles,
        sum(
            case
                when standing.next_order_date <= {{ add_days('standing.month_end_date', 'horizons.horizon_days') }}
                    then 0
                else 1
            end
        ) as silent_profiles
    from standing
    inner join horizons
        on
            {{ add_days('standing.month_end_date', 'horizons.horizon_days') }}
            <= {{ month_end(newest_closed_month()) }}
    group by
        standing.segment_month,
        standing.month_end_date,
        standing.recency_days,
        standing.order_days,
        horizons.horizon_days
)

select
    cast(outcomes.horizon_days as integer) as horizon_days,
    recency_bands.band as recency_band,
    order_days_bands.band as order_days_band,
    cast(sum(outcomes.profiles) as bigint) as profiles,
    cast(sum(outcomes.silent_profiles) as bigint) as silent_profiles,
    outcomes.segment_month,
    outcomes.month_end_date
from outcomes
inner join recency_bands on {{ is_in_band('outcomes.recency_days', 'recency_bands') }}
inner join order_days_bands on {{ is_in_band('outcomes.order_days', 'order_days_bands') }}
group by
    outcomes.horizon_days,
    recency_bands.band,
    order_days_bands.band,
    outcomes.segment_month,
    outcomes.month_end_date
