-- Counts of the kept ledger: how many steps were due, how many each gate stopped, how many went out.
with

decisions as (
    select * from {{ ref('decisions') }}
),

gates as (
    select * from {{ ref('dim_gates') }}
),

-- a step that waits is decided again the next day
dated_decisions as (
    select
        scenario_id,
        coalesce(closed_gate, 'selected') as closed_gate,
        outcome,
        offer_id,
        has_matching_offer,
        as_of_date,
        max(as_of_date) over (partition by scenario_id, profile_id, entry_key, step) as last_decided_date
    from decisions
),

counted as (
    select
        scenario_id,
        closed_gate,
        outcome,
        count(*) as decision_count,
        sum(case when as_of_date = last_decided_date then 1 else 0 end) as step_count,
        count(offer_id) as offer_count,
        sum(case when has_matching_offer then 1 else 0 end) as matching_offer_count,
        as_of_date
    from dated_decisions
    group by
        scenario_id,
        closed_gate,
        outcome,
        as_of_date
)

select
    counted.scenario_id,
    counted.closed_gate,
    gates.gate_label,
    counted.outcome,
    cast(counted.decision_count as integer) as decision_count,
    cast(counted.step_count as integer) as step_count,
    cast(counted.offer_count as integer) as offer_count,
    cast(counted.matching_offer_count as integer) as matching_offer_count,
    gates.gate_order,
    counted.as_of_date
from counted
inner join gates on counted.closed_gate = gates.closed_gate
