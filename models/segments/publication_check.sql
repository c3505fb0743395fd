-- A dead feed looks like a wave of churn: every customer ages by a month at once. This says whether the newest closed
-- month may be published; a test fails while it may not, and with it everything that would say "went down".
{%- set trailing_months = 6 %}
{%- set accepted_month = var('accept_publication') or '' %}
{%- set least_months_to_compare = 3 %}

with

profile_days as (
    select * from {{ ref('profile_days') }}
),

months as (
    select * from {{ ref('dim_months') }}
),

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

profile_split_history as (
    select * from {{ ref('profile_split_history') }}
),

candidate as (
    select
        segment_month,
        month_end_date
    from months
    where segment_month = {{ newest_closed_month() }}
),

newest_order as (
    select
        candidate.segment_month,
        candidate.month_end_date,
        max(profile_days.order_date) as newest_order_date
    from candidate
    inner join profile_days
        on
            candidate.month_end_date >= profile_days.order_date
            and profile_days.orders > 0
    group by
        candidate.segment_month,
        candidate.month_end_date
),

-- thresholds that changed move people without their doing, and warm-up months move everybody
comparable_rungs as (
    select
        rfm_monthly.profile_id,
        rfm_monthly.threshold_version,
        rfm_monthly.rung,
        rfm_monthly.segment_month,
        {{ add_months('rfm_monthly.segment_month', 1) }} as next_month,
        months.is_warm_up
    from rfm_monthly
    inner join months on rfm_monthly.segment_month = months.segment_month
    where rfm_monthly.segment_month >= {{ add_months(newest_closed_month(), -(trailing_months + 1)) }}
),

-- so does a person who turns out to be two: seen in the month itself, or after it and before it was published
split_months as (
    select distinct
        profile_split_history.profile_id,
        months.segment_month
    from profile_split_history
    inner join months
        on
            profile_split_history.split_as_of_date >= months.segment_month
            and profile_split_history.split_as_of_date < {{ add_months('months.segment_month', 2) }}
),

down_shares as (
    select
        this_month.segment_month,
        cast(sum(case when this_month.rung < month_before.rung then 1 else 0 end) as double)
        / cast(count(*) as double) as down_share
    from comparable_rungs as this_month
    inner join comparable_rungs as month_before
        on
            this_month.profile_id = month_before.profile_id
            and this_month.segment_month = month_before.next_month
            and this_month.threshold_version = month_before.threshold_version
    left join split_months
        on
            this_month.profile_id = split_months.profile_id
            and this_month.segment_month = split_months.segment_month
    where
        not this_month.is_warm_up
        and split_months.profile_id is null
    group by this_month.segment_month
),

ranked_shares as (
    select
        down_share,
        row_number() over (order by down_share asc nulls last, segment_month asc nulls last) as place,
        count(*) over () as months
    from down_shares
    where segment_month < {{ newest_closed_month() }}
),

usual_share as (
    select
        cast(max(months) as integer) as compared_months,
        avg(down_share) as median_down_share
    from ranked_shares
    where
        place * 2 >= months
        and place * 2 <= months + 2
),

measured as (
    select
        newest_order.segment_month,
        newest_order.newest_order_date,
        {{ days_between('newest_order.newest_order_date', 'newest_order.month_end_date') }} as feed_age_days,
        down_shares.down_share,
        usual_share.median_down_share as trailing_median_down_share,
        coalesce(usual_share.compared_months, 0) as compared_months
    from newest_order
    cross join usual_share
    left join down_shares on newest_order.segment_month = down_shares.segment_month
),

judged as (
    select
        *,
        feed_age_days > {{ setting('max_feed_age_days') }} as is_feed_dead,
        compared_months >= {{ least_months_to_compare }}
        and coalesce(
            down_share > trailing_median_down_share * {{ setting('max_down_share_factor') }}, false
        ) as is_wave_of_moves,
        '{{ accepted_month }}' = '{{ newest_closed_month_text()[:7] }}' as is_accepted
    from measured
)

select
    case
        when is_feed_dead then 'the newest order is too old: the order feed may be dead'
        when is_wave_of_moves then 'far more customers went down than usual: the data may be incomplete'
    end as reason,
    compared_months,
    feed_age_days,
    down_share,
    trailing_median_down_share,
    is_feed_dead,
    is_wave_of_moves,
    is_accepted,
    is_accepted or not (is_feed_dead or is_wave_of_moves) as is_publishable,
    segment_month,
    newest_order_date
from judged
