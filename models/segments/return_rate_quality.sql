{%- set horizons = return_horizons() -%}
{%- set first_recomputed_month = add_months(newest_closed_month(), -6) -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(add_months(newest_closed_month(), -6)) }}",
    )
}}
-- Did as many stay away as was published? Customers in tenths from the likeliest to stay away, once the days have
-- passed. Six months are recomputed, as in segment_signal_quality.

with

value_published as (
    select * from {{ ref('value_published') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

months as (
    select * from {{ ref('dim_months') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

next_orders as (
    {{- next_orders() -}}
),

predicted as (
    {% for days in horizons -%}
        select
            profile_id,
            segment_month,
            {{ days }} as horizon_days,
            silent_{{ days }}_probability as silent_probability
        from value_published
        where silent_{{ days }}_probability is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

outcomes as (
    select
        predicted.segment_month,
        predicted.horizon_days,
        predicted.silent_probability,
        case
            when
                next_orders.next_order_date <= {{ add_days('months.month_end_date', 'predicted.horizon_days') }}
                then 0
            else 1
        end as silent
    from predicted
    inner join months
        on
            predicted.segment_month = months.segment_month
            and {{ add_days('months.month_end_date', 'predicted.horizon_days') }} <= {{ as_of_date() }}
    left join next_orders
        on
            predicted.profile_id = next_orders.profile_id
            and predicted.segment_month = next_orders.segment_month
),

-- customers of one cell share a tenth
tenths as (
    select
        outcomes.*,
        1 + cast(floor(
            cast(10 as double) * (rank() over (
                partition by segment_month, horizon_days
                order by silent_probability desc nulls last
            ) - 1)
            / count(*) over (partition by segment_month, horizon_days)
        ) as integer) as decile
    from outcomes
)

select
    cast(horizon_days as integer) as horizon_days,
    decile,
    cast(count(*) as bigint) as profiles,
    cast(sum(silent) as bigint) as silent_profiles,
    -- summed as decimals, whose order does not matter
    cast(sum(cast(silent_probability as decimal(18, 12))) as double) / count(*) as predicted_silent_share,
    cast(sum(silent) as double) / count(*) as observed_silent_share,
    segment_month
from tenths
group by
    segment_month,
    horizon_days,
    decile
