{{ config(materialized='view') }}
-- A merge may make one person of somebody who was treated and somebody who was held out: measurement drops neither, and
-- is told.
with

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

-- kinds of scenario that hold nobody out say nothing about arms
drawing_scenarios as (
    select scenarios.scenario_id
    from scenarios
    inner join gate_applicability
        on scenarios.kind = gate_applicability.kind
    where
        gate_applicability.gate = 'not_held_out'
        and gate_applicability.is_applied
),

entries as (
    select
        profile_heirs.profile_id,
        scenario_entries.scenario_id,
        scenario_entries.holdout_period,
        scenario_entries.arm
    from scenario_entries
    inner join drawing_scenarios
        on scenario_entries.scenario_id = drawing_scenarios.scenario_id
    inner join profile_heirs
        on
            scenario_entries.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or scenario_entries.entered_date < profile_heirs.until_date)
),

-- each scenario draws, and once a half-year all of them together
draws as (
    select
        profile_id,
        holdout_period,
        scenario_id,
        case when arm = 'held_out_globally' then 'held_out' else arm end as arm,
        arm = 'treated' as is_treated
    from entries
    union all
    select
        profile_id,
        holdout_period,
        '*' as scenario_id,
        case when arm = 'held_out_globally' then arm else 'written_to' end as arm,
        arm <> 'held_out_globally' as is_treated
    from entries
),

-- a third arm is one more side to be on
counted as (
    select
        profile_id,
        scenario_id,
        holdout_period,
        count(distinct arm) as arms,
        cast(sum(case when is_treated then 1 else 0 end) as integer) as treated_entries,
        cast(sum(case when is_treated then 0 else 1 end) as integer) as held_out_entries
    from draws
    group by
        profile_id,
        scenario_id,
        holdout_period
)

select
    profile_id,
    scenario_id,
    holdout_period,
    treated_entries,
    held_out_entries
from counted
where arms > 1
