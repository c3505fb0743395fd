{{ config(materialized='view') }}
-- How far back anybody listens: facts are cut by it before the moments are put together. A kind of moment that no
-- enabled scenario listens to has no row, and nothing is read for it.
with

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

-- a trigger comes `days_before` the moment, and matters as long as its journey can still send
windows as (
    select
        scenario_moments.moment,
        coalesce(scenario_moments.days_before, 0) as days_before,
        scenarios.journey_days
    from scenario_moments
    inner join scenarios
        on scenario_moments.scenario_id = scenarios.scenario_id
    where scenarios.is_enabled
)

select
    moment,
    {{ add_days(as_of_date(), 'min(days_before - journey_days)') }} as oldest_date,
    {{ add_days(as_of_date(), 'max(days_before)') }} as newest_date
from windows
group by moment
