-- Counts of the kept ledger: how many steps were due, how many each gate stopped, how many went out.
with

decisions as (
    select * from {{ ref('decisions') }}
),

-- a step that waits is decided again the next day
dated_decisions as (
    select
        scenario_id,
        closed_gate,
        outcome,
        as_of_date,
        max(as_of_date) over (partition by scenario_id, profile_id, entry_key, step) as last_decided_date
    from decisions
)

select
    scenario_id,
    coalesce(closed_gate, 'selected') as stopped_at_gate,
    outcome,
    cast(count(*) as integer) as decision_count,
    cast(sum(case when as_of_date = last_decided_date then 1 else 0 end) as integer) as step_count,
    cast(case
        {% for gate in gates() -%}
            when closed_gate = '{{ gate }}' then {{ loop.index }}
        {% endfor -%}
        else {{ gates() | length + 1 }}
    end as integer) as gate_order,
    as_of_date
from dated_decisions
group by
    scenario_id,
    closed_gate,
    outcome,
    as_of_date
