-- What is so today is still so when the cooldown ends, and waits for that: whoever entered late in a period would else
-- be turned away for all of the next. What happened does not wait, it would be told too late.
{{ config(materialized='view') }}

with

scenarios as (
    select * from {{ ref('dim_scenarios') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

past_entries as (
    select * from {{ ref('past_entries') }}
),

patient_scenarios as (
    select distinct
        scenarios.scenario_id,
        scenarios.cooldown_days
    from scenarios
    inner join scenario_moments
        on scenarios.scenario_id = scenario_moments.scenario_id
    inner join gate_applicability
        on
            scenarios.kind = gate_applicability.kind
            and gate_applicability.gate = 'not_cooling_down'
            and gate_applicability.is_applied
    where scenario_moments.period is not null
)

select
    past_entries.scenario_id,
    past_entries.profile_id,
    max({{ add_days('past_entries.entered_date', 'patient_scenarios.cooldown_days') }}) as until_date
from past_entries
inner join patient_scenarios
    on past_entries.scenario_id = patient_scenarios.scenario_id
group by
    past_entries.scenario_id,
    past_entries.profile_id
