-- Is what is said of customers worth more than the plainest thing that could be said? One line per promise and month,
-- once the month has matured: what it was worth, and what the simple rule beside it was worth.
with

value_published as (
    select * from {{ ref('value_published') }}
    where is_at_risk_of_inactive is not null
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

months as (
    select * from {{ ref('dim_months') }}
    where {{ add_days('month_end_date', 91) }} <= {{ as_of_date() }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

silence_score_quality as (
    select * from {{ ref('silence_score_quality') }}
),

recommendation_quality as (
    select * from {{ ref('recommendation_quality') }}
),

habit_quality as (
    select * from {{ ref('habit_quality') }}
),

next_orders as (
    {{- next_orders() -}}
),

-- whoever bought in the period and of whom the likelihood may be used
buyers as (
    select
        value_published.segment_month,
        rfm_published.recency_days,
        case when value_published.is_at_risk_of_inactive then 1 else 0 end as flagged,
        case when next_orders.next_order_date <= {{ add_days('months.month_end_date', 91) }} then 0 else 1 end as silent
    from value_published
    inner join months on value_published.segment_month = months.segment_month
    inner join rfm_published
        on
            value_published.profile_id = rfm_published.profile_id
            and value_published.segment_month = rfm_published.segment_month
    left join next_orders
        on
            value_published.profile_id = next_orders.profile_id
            and value_published.segment_month = next_orders.segment_month
    where rfm_published.recency_days < {{ setting('clv_period_days') }}
),

flagged as (
    select
        segment_month,
        sum(flagged) as profiles,
        sum(flagged * silent) as silent_profiles
    from buyers
    group by segment_month
),

-- as many people as were flagged, taken by the days since the last order alone; of the last day taken, its share
by_recency as (
    select
        segment_month,
        recency_days,
        count(*) as profiles,
        sum(silent) as silent_profiles,
        sum(count(*)) over (
            partition by segment_month
            order by recency_days desc nulls last
            rows between unbounded preceding and current row
        ) - count(*) as profiles_before
    from buyers
    group by segment_month, recency_days
),

plain as (
    select
        by_recency.segment_month,
        sum(
            cast(by_recency.silent_profiles as double)
            * least(by_recency.profiles, greatest(flagged.profiles - by_recency.profiles_before, 0))
            / by_recency.profiles
        ) as silent_profiles
    from by_recency
    inner join flagged on by_recency.segment_month = flagged.segment_month
    group by by_recency.segment_month
),

worth as (
    select
        'at_risk_of_inactive' as promise,
        'share_that_came_true' as unit,
        flagged.profiles as observations,
        cast(flagged.silent_profiles as double) / flagged.profiles as worth,
        round(plain.silent_profiles / flagged.profiles, 9) as plain_worth,
        flagged.segment_month
    from flagged
    inner join plain on flagged.segment_month = plain.segment_month
    where flagged.profiles > 0
    union all
    select
        score as promise,
        'area_under_the_curve' as unit,
        sum(profiles) as observations,
        max(score_auc) as worth,
        max(recency_auc) as plain_worth,
        segment_month
    from silence_score_quality
    group by score, segment_month
    union all
    select
        {{ dbt.concat(["'recommendation_'", 'kind']) }} as promise,
        'share_that_came_true' as unit,
        max(profiles) as observations,
        max(case when not is_baseline then precision_share end) as worth,
        max(case when is_baseline then precision_share end) as plain_worth,
        segment_month
    from recommendation_quality
    group by kind, segment_month
    union all
    select
        measure as promise,
        'share_that_came_true' as unit,
        observations,
        hit_share as worth,
        baseline_share as plain_worth,
        segment_month
    from habit_quality
)

select
    promise,
    unit,
    cast(observations as bigint) as observations,
    cast(worth as double) as worth,
    cast(plain_worth as double) as plain_worth,
    worth > plain_worth as is_worth_more,
    segment_month
from worth
