-- Inputs and scores for every profile and month since its first order. The fastest of five ways that were tried: two signed rows
-- per day (it enters a month's window, it leaves one), a running sum over the months that have any, spread over the months between.
-- The others: a row per profile and month before the running sum, a row per day and month of its window, two joins instead of the
-- union, and 72 filtered sums per profile.
create table rfm_monthly as
with

days as (
    select
        profile_id,
        net_amount,
        order_date,
        cast(orders > 0 as integer) as bought,
        datediff('month', getvariable('first_month'), order_date) as enters,
        datediff('month', getvariable('first_month'), order_date + getvariable('window_days')) as leaves
    from profile_days
    where order_date < getvariable('as_of')
),

changes as (
    select
        profile_id,
        enters as month_number,
        bought,
        net_amount,
        case when bought = 1 then order_date end as last_order_date
    from days
    union all
    select
        profile_id,
        leaves as month_number,
        -bought as bought,
        -net_amount as net_amount,
        null as last_order_date
    from days
    where leaves < getvariable('months')
),

changes_per_month as (
    select
        profile_id,
        month_number,
        cast(sum(bought) as integer) as bought,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        max(last_order_date) as last_order_date
    from changes
    group by all
),

running as (
    select
        profile_id,
        month_number as from_month,
        coalesce(lead(month_number) over so_far, getvariable('months')) as until_month,
        sum(bought) over so_far as frequency,
        sum(net_amount) over so_far as monetary_amount,
        max(last_order_date) over so_far as last_order_date
    from changes_per_month
    window so_far as (partition by profile_id order by month_number)
),

-- a change holds until the next one: all stretches of months there can be, to join on equality
stretches as (
    select
        from_month,
        until_month,
        unnest(range(from_month, until_month)) as month_number
    from range(getvariable('months')) as froms (from_month)
    inner join range(1, getvariable('months') + 1) as untils (until_month) on from_month < until_month
),

scores as (
    select
        running.profile_id,
        thresholds.threshold_version,
        cast(thresholds.month_end_date - running.last_order_date as integer) as recency_days,
        cast(running.frequency as integer) as frequency,
        cast(running.monetary_amount as decimal(18, 2)) as monetary_amount,
        case
            when thresholds.month_end_date - running.last_order_date <= thresholds.max_recency_days_5 then 5
            when thresholds.month_end_date - running.last_order_date <= thresholds.max_recency_days_4 then 4
            when thresholds.month_end_date - running.last_order_date <= thresholds.max_recency_days_3 then 3
            when thresholds.month_end_date - running.last_order_date <= thresholds.max_recency_days_2 then 2
            else 1
        end as r_score,
        case
            when running.frequency >= thresholds.min_frequency_5 then 5
            when running.frequency >= thresholds.min_frequency_4 then 4
            when running.frequency >= thresholds.min_frequency_3 then 3
            when running.frequency >= thresholds.min_frequency_2 then 2
            else 1
        end as f_score,
        case
            when running.monetary_amount >= thresholds.min_monetary_5 then 5
            when running.monetary_amount >= thresholds.min_monetary_4 then 4
            when running.monetary_amount >= thresholds.min_monetary_3 then 3
            when running.monetary_amount >= thresholds.min_monetary_2 then 2
            else 1
        end as m_score,
        thresholds.segment_month
    from running
    inner join stretches using (from_month, until_month)
    inner join thresholds using (month_number)
    where running.last_order_date is not null
)

select
    scores.profile_id,
    segment_grid.segment,
    scores.threshold_version,
    scores.recency_days,
    scores.frequency,
    scores.monetary_amount,
    scores.r_score,
    scores.f_score,
    scores.m_score,
    segment_grid.fm_score,
    segment_grid.rung,
    scores.segment_month
from scores
inner join segment_grid
    on
        scores.r_score = segment_grid.r_score
        and (scores.f_score + scores.m_score + 1) // 2 = segment_grid.fm_score;
