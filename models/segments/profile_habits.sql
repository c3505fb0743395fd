{%- set least_cell_profiles = 10 %}
-- How often each customer buys, from the gaps between days with an order, and after how many days without one she is
-- overdue. Who has few gaps takes those of customers who buy like her.
with

profile_days as (
    select * from {{ ref('profile_days') }}
),

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

rules as (
    {{- habit_rules() -}}
),

newest_month as (
    select
        max(segment_month) as segment_month,
        {{ month_end('max(segment_month)') }} as month_end_date
    from rfm_current
),

-- days on which all was closed are part of no gap
purchase_days as (
    select
        profile_days.profile_id,
        profile_days.order_date,
        open_days.open_day_number
    from profile_days
    inner join newest_month on profile_days.order_date <= newest_month.month_end_date
    left join open_days on profile_days.order_date = open_days.calendar_date
    where profile_days.orders > 0
),

steps as (
    select
        profile_id,
        order_date,
        open_day_number
        - lag(open_day_number) over (partition by profile_id order by order_date asc nulls last) as open_days_since
    from purchase_days
),

-- a first purchase ends no gap, and two during a closure are a day apart
gaps as (
    select
        profile_id,
        order_date,
        case when open_days_since > 0 then open_days_since when open_days_since = 0 then 1 end as gap_days
    from steps
),

windowed as (
    select
        gaps.profile_id,
        gaps.order_date,
        case
            when gaps.order_date > {{ add_days('newest_month.month_end_date', '-rules.habit_window_days') }}
                then gaps.gap_days
        end as habit_gap_days,
        case
            when gaps.order_date > {{ add_days('newest_month.month_end_date', '-rules.overdue_window_days') }}
                then gaps.gap_days
        end as overdue_gap_days
    from gaps
    cross join rules
    cross join newest_month
),

own as (
    select
        profile_id,
        max(order_date) as last_order_date,
        count(habit_gap_days) as gaps,
        {{ percentile('habit_gap_days', 0.5) }} as own_gap_days,
        count(overdue_gap_days) as overdue_gaps,
        {{ percentile('overdue_gap_days', 0.9) }} as long_gap_days
    from windowed
    group by profile_id
),

-- customers who came as recently and as often
placed as (
    select
        own.*,
        rfm_current.r_score,
        rfm_current.f_score,
        rules.own_from_gaps,
        rules.shrunk_from_gaps,
        rules.cell_weight,
        rules.overdue_min_gaps,
        rules.overdue_factor,
        rules.overdue_floor_days,
        own.last_order_date > {{ add_days('newest_month.month_end_date', '-rules.habit_window_days') }} as is_buying,
        case when own.gaps >= rules.shrunk_from_gaps then own.own_gap_days end as told_gap_days
    from own
    inner join rfm_current on own.profile_id = rfm_current.profile_id
    cross join rules
    cross join newest_month
    where {{ planned_once() }}
),

cells as (
    select
        r_score,
        f_score,
        count(told_gap_days) as told_profiles,
        {{ percentile('told_gap_days', 0.5) }} as gap_days
    from placed
    group by r_score, f_score
),

everybody as (
    select {{ percentile('told_gap_days', 0.5) }} as gap_days
    from placed
),

compared as (
    select
        placed.*,
        case when cells.told_profiles >= {{ least_cell_profiles }} then cells.gap_days else everybody.gap_days end
            as cell_gap_days
    from placed
    inner join cells on placed.r_score = cells.r_score and placed.f_score = cells.f_score
    cross join everybody
),

habits as (
    select
        *,
        case
            when gaps >= own_from_gaps then 'own'
            when gaps >= shrunk_from_gaps then 'shrunk'
            when is_buying and cell_gap_days is not null then 'cell'
        end as habit_source,
        case
            when gaps >= own_from_gaps then own_gap_days
            when gaps >= shrunk_from_gaps
                then exp(
                        (gaps * ln(told_gap_days) + cell_weight * ln(cell_gap_days))
                        / cast(gaps + cell_weight as double)
                    )
            when is_buying then cell_gap_days
        end as rf_habit_days
    from compared
),

-- the names lie in the middle of what they mean, on a scale of logarithms: 14 days between a week and a month
named as (
    select
        habits.*,
        denials.profile_id is not null as is_denied,
        case
            when habits.rf_habit_days < 14 then 'weekly'
            when habits.rf_habit_days < 52 then 'monthly'
            when habits.rf_habit_days < 129 then 'quarterly'
            when habits.rf_habit_days < 258 then 'half_yearly'
            when habits.rf_habit_days is not null then 'yearly'
        end as rf_habit
    from habits
    left join denials on habits.profile_id = denials.profile_id
)

select
    named.profile_id,
    case
        when named.is_denied then 'profiling_denied'
        when not named.is_buying then 'not_buying'
        when named.rf_habit_days is null then 'nobody_to_compare'
    end as no_habit_reason,
    case when not named.is_denied then named.rf_habit end as rf_habit,
    case when not named.is_denied then named.habit_source end as habit_source,
    cast(named.gaps as integer) as gaps,
    cast(named.overdue_gaps as integer) as overdue_gaps,
    -- the first whole day beyond; rounded, because a percentile may lie a hair below a whole day
    case
        when not named.is_denied and named.overdue_gaps >= named.overdue_min_gaps
            then cast(
                    floor(
                        round(greatest(named.overdue_floor_days, named.overdue_factor * named.long_gap_days), 6)
                    ) as integer
                ) + 1
    end as overdue_after_days,
    -- rounded: engines differ in the last digit of a logarithm
    case when not named.is_denied then round(cast(named.rf_habit_days as double), 6) end as rf_habit_days,
    case when not named.is_denied then cast(named.own_gap_days as double) end as own_gap_days,
    case when not named.is_denied then cast(named.cell_gap_days as double) end as cell_gap_days,
    newest_month.segment_month,
    named.last_order_date
from named
cross join newest_month
