-- Counts of the kept ledger: how many steps were due, how many each gate stopped, how many went out.
with

decisions as (
    select * from {{ ref('decisions') }}
)

select
    scenario_id,
    coalesce(closed_gate, 'selected') as stopped_at_gate,
    outcome,
    cast(count(*) as integer) as decision_count,
    cast(case
        {% for gate in gates() -%}
            when closed_gate = '{{ gate }}' then {{ loop.index }}
        {% endfor -%}
        else {{ gates() | length + 1 }}
    end as integer) as gate_order,
    as_of_date
from decisions
group by
    scenario_id,
    closed_gate,
    outcome,
    as_of_date
