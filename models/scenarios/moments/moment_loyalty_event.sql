-- Points run out at a month's end, or a level was reached. Subject: `points_expire` or `level_reached`; value: the
-- points that run out, or those of the level. Settings say how long points are valid and which levels there are.
{%- set valid_months = setting('loyalty_points_valid_months') %}
{%- set levels = setting('loyalty_level_points') %}

with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'loyalty_event'
),

loyalty_movements as (
    select * from {{ ref('fct_loyalty_movements') }}
),

movements as (
    select
        loyalty_movements.profile_id,
        loyalty_movements.movement_type,
        loyalty_movements.points,
        loyalty_movements.occurred_date,
        {{ month_end(add_months('loyalty_movements.occurred_date', valid_months or 0)) }} as expiry_date,
        moment_windows.oldest_date,
        moment_windows.newest_date
    from loyalty_movements
    cross join moment_windows
    where
        loyalty_movements.points is not null
        and {{ happened_by('loyalty_movements.occurred_at') }}
),

expiry_dates as (
    select distinct expiry_date
    from movements
    where
        movement_type = 'earned'
        and expiry_date between oldest_date and newest_date
        and {{ 'false' if valid_months is none else 'true' }}
),

-- what was spent or has run out was earned first
expiring as (
    select
        movements.profile_id,
        expiry_dates.expiry_date,
        sum(
            case
                when movements.points < 0 or movements.expiry_date <= expiry_dates.expiry_date then movements.points
            end
        ) as points
    from movements
    cross join expiry_dates
    group by
        movements.profile_id,
        expiry_dates.expiry_date
),

levels as (
    {% for level in levels -%}
        select {{ level }} as level_points
        union all
    {% endfor -%}
    select cast(null as integer) as level_points
),

earned as (
    select
        profile_id,
        sum(points) as points,
        sum(case when occurred_date < oldest_date then points else 0 end) as points_before
    from movements
    where movement_type = 'earned'
    group by profile_id
),

climbers as (
    select
        earned.profile_id,
        levels.level_points
    from earned
    inner join levels
        on
            earned.points_before < levels.level_points
            and earned.points >= levels.level_points
),

running as (
    select
        climbers.profile_id,
        climbers.level_points,
        movements.occurred_date,
        sum(movements.points) over (
            partition by climbers.profile_id, climbers.level_points
            order by movements.occurred_date asc nulls last
            range between unbounded preceding and current row
        ) as points
    from climbers
    inner join movements
        on climbers.profile_id = movements.profile_id
    where movements.movement_type = 'earned'
),

events as (
    select
        profile_id,
        'points_expire' as subject,
        cast(expiry_date as string) as event_key,
        points,
        expiry_date as event_date
    from expiring
    where points > 0
    union all
    select
        profile_id,
        'level_reached' as subject,
        cast(level_points as string) as event_key,
        level_points as points,
        min(occurred_date) as event_date
    from running
    where points >= level_points
    group by
        profile_id,
        level_points
)

select
    profile_id,
    'loyalty_event' as moment,
    {{ dbt.concat(['subject', "' '", 'event_key']) }} as moment_key,
    event_key as moment_reference,
    subject,
    {{ json_object({'points': 'points', 'event_date': 'event_date'}) }} as reason_parameters,
    {{ json_object({'points': 'points', 'event_date': 'event_date'}) }} as personalisation,
    points as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    event_date as moment_date,
    cast(null as timestamp) as moment_at
from events
