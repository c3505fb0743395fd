with

{# `contract_entities()` names them all: a new entity of the contract cannot be forgotten here #}
rejected as (
    {% for entity in contract_entities() -%}
        select
            entity,
            reason,
            column_name,
            is_row_rejected,
            rejected_rows
        from {{ ref('rejected_' ~ entity) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

input_counts as (
    {% for entity in contract_entities() -%}
        select
            '{{ entity }}' as entity,
            count(*) as input_rows
        from {{ ref('input_' ~ entity) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

reasons as (
    select
        entity,
        reason,
        column_name,
        is_row_rejected,
        cast(sum(rejected_rows) as bigint) as rejected_rows
    from rejected
    group by
        entity,
        reason,
        column_name,
        is_row_rejected
)

select
    reasons.entity,
    reasons.reason,
    reasons.column_name,
    reasons.rejected_rows,
    input_counts.input_rows,
    round(cast(reasons.rejected_rows as double) / cast(input_counts.input_rows as double), 6) as rejected_share,
    reasons.is_row_rejected
from reasons
inner join input_counts on reasons.entity = input_counts.entity
