-- What was foretold at earlier month ends for the month after, with what was known then, against what was bought.
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

replenishment_intervals as (
    select * from {{ ref('replenishment_intervals') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

months as (
    select * from {{ ref('dim_months') }}
),

rules as (
    {{- taste_rules() -}}
),

-- of three months every day has passed on which a purchase may still be a hit
matured_months as (
    select
        months.segment_month,
        months.month_end_date as cut_date,
        {{ month_end(add_days('months.month_end_date', 1)) }} as last_date,
        rules.replenishment_hit_days
    from months
    cross join rules
    where
        months.segment_month >= {{ add_months(newest_closed_month(), -4) }}
        and {{ add_days(month_end(add_days('months.month_end_date', 1)), 'rules.replenishment_hit_days') }}
        <= {{ as_of_date() }}
),

cut_dates as (
    select cut_date
    from matured_months
),

{{ foretold_replenishments() }},

due as (
    select
        foretold.profile_id,
        foretold.category,
        foretold.interval_source,
        foretold.cut_date,
        foretold.runs_out_date,
        matured_months.segment_month,
        matured_months.replenishment_hit_days
    from foretold
    inner join matured_months on foretold.cut_date = matured_months.cut_date
    {{ anti_join() }} profiling_denials on foretold.profile_id = profiling_denials.profile_id
    where
        foretold.runs_out_date > matured_months.cut_date
        and foretold.runs_out_date <= matured_months.last_date
),

outcomes as (
    select
        due.profile_id,
        due.category,
        due.interval_source,
        due.runs_out_date,
        due.segment_month,
        due.replenishment_hit_days,
        min(category_days.order_date) as next_purchase_date
    from due
    left join category_days
        on
            due.profile_id = category_days.profile_id
            and due.category = category_days.category
            and category_days.order_date > due.cut_date
    group by
        due.profile_id,
        due.category,
        due.interval_source,
        due.runs_out_date,
        due.segment_month,
        due.replenishment_hit_days
),

judged as (
    select
        interval_source,
        segment_month,
        case
            when next_purchase_date < {{ add_days('runs_out_date', '-replenishment_hit_days') }} then 'early'
            when next_purchase_date <= {{ add_days('runs_out_date', 'replenishment_hit_days') }} then 'hit'
            else 'late'
        end as outcome
    from outcomes
)

select
    interval_source,
    cast(count(*) as bigint) as due_replenishments,
    cast(sum(case when outcome = 'hit' then 1 else 0 end) as bigint) as hits,
    cast(sum(case when outcome = 'early' then 1 else 0 end) as bigint) as early_purchases,
    cast(sum(case when outcome = 'late' then 1 else 0 end) as bigint) as late_or_none,
    cast(sum(case when outcome = 'hit' then 1 else 0 end) as double) / count(*) as hit_share,
    segment_month
from judged
group by
    interval_source,
    segment_month
