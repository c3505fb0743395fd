{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(first_restated_month()) }}",
    )
}}

with

profile_days as (
    select * from {{ ref('profile_days') }}
),

thresholds as (
    select * from {{ ref('rfm_thresholds') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_restated_month() }}
    {%- endif %}
),

segment_grid as (
    select * from {{ ref('rfm_segment_grid') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

months as (
    select
        segment_month,
        month_end_date
    from thresholds
),

scope as (
    select
        min(segment_month) as first_month,
        max(month_end_date) as last_date
    from months
),

known_days as (
    select
        profile_days.profile_id,
        profile_days.order_date,
        profile_days.net_amount,
        case when profile_days.orders > 0 then 1 else 0 end as order_days,
        case when profile_days.orders > 0 then profile_days.order_date end as last_order_date,
        {{ month_start('profile_days.order_date') }} as enters_in,
        -- inside the window while month end - window < order date, so it leaves in the month that holds this day
        {{ month_start(add_days('profile_days.order_date', setting('rfm_window_days'))) }} as leaves_in,
        scope.first_month,
        scope.last_date
    from profile_days
    inner join scope on profile_days.order_date <= scope.last_date
),

-- A day counts from the month it enters to the month it leaves. Two signed rows per day and one running sum give every
-- month's window at the price of one pass; joining each day to each month of its window costs twelve.
window_changes as (
    select
        profile_id,
        greatest(enters_in, first_month) as segment_month,
        order_days,
        net_amount,
        last_order_date
    from known_days

    union all

    select
        profile_id,
        greatest(leaves_in, first_month) as segment_month,
        -order_days as order_days,
        -net_amount as net_amount,
        cast(null as date) as last_order_date
    from known_days
    where leaves_in <= last_date
),

changes_per_month as (
    select
        profile_id,
        segment_month,
        cast(sum(order_days) as integer) as order_days,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        max(last_order_date) as last_order_date
    from window_changes
    group by
        profile_id,
        segment_month
),

-- what holds from a month with a change until the next one, or to the end
running as (
    select
        changes_per_month.profile_id,
        sum(changes_per_month.order_days) over running_window as frequency,
        sum(changes_per_month.net_amount) over running_window as monetary_amount,
        max(changes_per_month.last_order_date) over running_window as last_order_date,
        changes_per_month.segment_month as from_month,
        coalesce(
            lead(changes_per_month.segment_month) over (
                partition by changes_per_month.profile_id
                order by changes_per_month.segment_month asc nulls last
            ),
            scope.last_date
        ) as until_month
    from changes_per_month
    cross join scope
    window running_window as (
        partition by changes_per_month.profile_id
        order by changes_per_month.segment_month asc nulls last
        rows between unbounded preceding and current row
    )
),

stretch_ends as (
    select segment_month as until_month
    from months
    union all
    select last_date as until_month
    from scope
),

-- The months of every stretch there can be, so that spreading the rows over their months is a join on equality.
stretches as (
    select
        first_months.segment_month as from_month,
        stretch_ends.until_month,
        months.segment_month,
        months.month_end_date
    from months as first_months
    cross join stretch_ends
    inner join months
        on
            first_months.segment_month <= months.segment_month
            and stretch_ends.until_month > months.segment_month
),

-- Dense: a profile has a row in every month since its first order, so that nobody vanishes from the snapshot.
-- One whose first rows are returns only has not bought yet.
raw_values as (
    select
        running.profile_id,
        stretches.segment_month,
        -- days on which all was closed make nobody stay away
        {{ open_days_between('running.last_order_date', 'stretches.month_end_date', 'order_days', 'month_end_days') }}
            as recency_days,
        cast(running.frequency as integer) as frequency,
        cast(running.monetary_amount as decimal(18, 2)) as monetary_amount
    from running
    inner join stretches
        on
            running.from_month = stretches.from_month
            and running.until_month = stretches.until_month
    left join open_days as order_days on running.last_order_date = order_days.calendar_date
    left join open_days as month_end_days on stretches.month_end_date = month_end_days.calendar_date
    where running.last_order_date is not null
),

scores as (
    select
        raw_values.profile_id,
        raw_values.segment_month,
        raw_values.recency_days,
        raw_values.frequency,
        raw_values.monetary_amount,
        thresholds.threshold_version,
        case
            {%- for score in [5, 4, 3, 2] %}
                when raw_values.recency_days <= thresholds.max_recency_days_{{ score }} then {{ score }}
            {%- endfor %}
            else 1
        end as r_score,
        case
            {%- for score in [5, 4, 3, 2] %}
                when raw_values.frequency >= thresholds.min_frequency_{{ score }} then {{ score }}
            {%- endfor %}
            else 1
        end as f_score,
        case
            {%- for score in [5, 4, 3, 2] %}
                when raw_values.monetary_amount >= thresholds.min_monetary_{{ score }} then {{ score }}
            {%- endfor %}
            else 1
        end as m_score
    from raw_values
    inner join thresholds on raw_values.segment_month = thresholds.segment_month
),

combined_scores as (
    select
        scores.*,
        cast(floor((f_score + m_score + 1) / cast(2 as double)) as integer) as fm_score
    from scores
),

-- left join: the 25 cells meet their rungs here, not row after row below
cells as (
    select
        segment_grid.r_score,
        segment_grid.fm_score,
        segment_grid.segment,
        segments.rung
    from segment_grid
    left join segments on segment_grid.segment = segments.segment
)

select
    combined_scores.profile_id,
    cells.segment,
    combined_scores.threshold_version,
    combined_scores.recency_days,
    combined_scores.frequency,
    combined_scores.monetary_amount,
    cast(combined_scores.r_score as integer) as r_score,
    cast(combined_scores.f_score as integer) as f_score,
    cast(combined_scores.m_score as integer) as m_score,
    combined_scores.fm_score,
    cells.rung,
    combined_scores.segment_month
from combined_scores
inner join cells
    on
        combined_scores.r_score = cells.r_score
        and combined_scores.fm_score = cells.fm_score
