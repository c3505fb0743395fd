{%- set horizon_days = 28 %}
{%- set first_recomputed_month = add_months(newest_closed_month(), -3) -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(add_months(newest_closed_month(), -3)) }}",
    )
}}
-- Was what was said of habits true? What was published of a month, against what people did in the days after, and
-- against the plainest thing that could have been said. Three months are recomputed, because late orders arrive.

with

traits_published as (
    select * from {{ ref('traits_published') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

months as (
    select
        segment_month,
        month_end_date,
        {{ add_days('month_end_date', horizon_days) }} as last_date
    from {{ ref('dim_months') }}
    where
        {{ add_days('month_end_date', horizon_days) }} <= {{ as_of_date() }}
        {% if is_incremental() -%}
            and segment_month >= {{ first_recomputed_month }}
        {%- endif %}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

published as (
    select
        traits_published.profile_id,
        traits_published.best_send_hour,
        traits_published.overdue_after_days,
        traits_published.segment_month,
        months.month_end_date,
        months.last_date,
        coalesce(
            overdue_days.calendar_date,
            {{ add_days('traits_published.last_order_date', 'traits_published.overdue_after_days') }}
        ) as overdue_date
    from traits_published
    inner join months on traits_published.segment_month = months.segment_month
    -- a gap has no days on which all was closed, and neither has the wait for the next order
    left join open_days as order_days on traits_published.last_order_date = order_days.calendar_date
    left join open_days as overdue_days
        on
            order_days.open_day_number + traits_published.overdue_after_days = overdue_days.open_day_number
            and not overdue_days.is_closed
),

came_back as (
    select distinct
        profile_days.profile_id,
        months.segment_month
    from profile_days
    inner join months
        on profile_days.order_date > months.month_end_date and profile_days.order_date <= months.last_date
    where profile_days.orders > 0
),

overdue as (
    select
        'overdue_stays_away' as measure,
        published.segment_month,
        sum(case when published.overdue_date <= published.month_end_date then 1 else 0 end) as observations,
        sum(
            case
                when published.overdue_date <= published.month_end_date and came_back.profile_id is null then 1
                else 0
            end
        ) as hits,
        cast(sum(case when came_back.profile_id is null then 1 else 0 end) as double) / count(*) as baseline_share
    from published
    left join came_back
        on
            published.profile_id = came_back.profile_id
            and published.segment_month = came_back.segment_month
    where published.overdue_after_days is not null
    group by published.segment_month
),

hour_counts as (
    select
        segment_month,
        best_send_hour,
        row_number() over (
            partition by segment_month
            order by count(*) desc nulls last, best_send_hour asc nulls last
        ) as place
    from published
    where best_send_hour is not null
    group by segment_month, best_send_hour
),

events as (
    select
        published.segment_month,
        abs(extract(hour from {{ local_timestamp('interactions.occurred_at') }}) - published.best_send_hour)
            as hours_off,
        abs(extract(hour from {{ local_timestamp('interactions.occurred_at') }}) - hour_counts.best_send_hour)
            as usual_hours_off
    from published
    inner join interactions
        on
            published.profile_id = interactions.profile_id
            and interactions.occurred_date > published.month_end_date
            and interactions.occurred_date <= published.last_date
    inner join hour_counts
        on published.segment_month = hour_counts.segment_month and hour_counts.place = 1
    where
        published.best_send_hour is not null
        and interactions.is_from_person
        and interactions.interaction_kind in ('click', 'visit', 'order')
),

-- an hour before or after is near enough, also around midnight
hours as (
    select
        'best_send_hour' as measure,
        segment_month,
        count(*) as observations,
        sum(case when hours_off <= 1 or hours_off = 23 then 1 else 0 end) as hits,
        cast(sum(case when usual_hours_off <= 1 or usual_hours_off = 23 then 1 else 0 end) as double) / count(*)
            as baseline_share
    from events
    group by segment_month
),

measured as (
    select * from overdue
    union all
    select * from hours
)

select
    measure,
    cast(observations as bigint) as observations,
    cast(hits as bigint) as hits,
    cast(hits as double) / nullif(observations, 0) as hit_share,
    baseline_share,
    segment_month
from measured
