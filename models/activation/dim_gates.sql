with

sentences as (
    select * from {{ ref('sentences') }}
),

gate_orders as (
    {% for gate in gates() + ['selected'] -%}
        select
            '{{ gate }}' as closed_gate,
            {{ loop.index }} as gate_order
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

labels as (
    select
        subject as closed_gate,
        counted as gate_label
    from sentences
    where code = '*'
),

meanings as (
    select
        code as closed_gate,
        sentence as description
    from sentences
    where subject = 'gate'
)

select
    gate_orders.closed_gate,
    labels.gate_label,
    meanings.description,
    cast(gate_orders.gate_order as integer) as gate_order
from gate_orders
left join labels on gate_orders.closed_gate = labels.closed_gate
left join meanings on gate_orders.closed_gate = meanings.closed_gate
