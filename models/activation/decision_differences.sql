-- What a sealed date would be if it were decided today: late orders, consents and merges show here and change nothing.
with

decisions as (
    select * from {{ ref('decisions') }}
),

gated_steps as (
    select * from {{ ref('gated_steps') }}
),

sealed_decisions as (
    select *
    from decisions
    where
        as_of_date = {{ as_of_date() }}
        and {{ is_sealed() }}
),

decisions_of_today as (
    select *
    from gated_steps
    where {{ is_sealed() }}
)

select
    coalesce(sealed_decisions.decision_id, decisions_of_today.decision_id) as decision_id,
    coalesce(sealed_decisions.scenario_id, decisions_of_today.scenario_id) as scenario_id,
    coalesce(sealed_decisions.profile_id, decisions_of_today.profile_id) as profile_id,
    sealed_decisions.outcome as sealed_outcome,
    decisions_of_today.outcome as outcome_today,
    sealed_decisions.closed_gate as sealed_closed_gate,
    decisions_of_today.closed_gate as closed_gate_today,
    {{ as_of_date() }} as as_of_date
from sealed_decisions
full outer join decisions_of_today
    on sealed_decisions.decision_id = decisions_of_today.decision_id
where
    sealed_decisions.outcome is null
    or decisions_of_today.outcome is null
    or sealed_decisions.outcome <> decisions_of_today.outcome
    or coalesce(sealed_decisions.closed_gate, '-') <> coalesce(decisions_of_today.closed_gate, '-')
    or coalesce(sealed_decisions.channel, '-') <> coalesce(decisions_of_today.channel, '-')
