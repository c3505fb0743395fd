-- Nothing is dropped in silence: of every entity, rows in = rows that go on + rows set aside.
-- Fails with one row of counts per entity that does not add up.

with

counts as (
    {% for entity in contract_entities() -%}
        select
            '{{ entity }}' as entity,
            (
                select count(*)
                from {{ ref('input_' ~ entity) }}
            ){% if entity == 'erasure_requests' %} + (
                select count(*)
                from {{ source('landing', 'erasure_requests') }}
            ){% endif %} as input_rows,
            (select count(*) from {{ ref('intake_' ~ entity) }})
            {%- if entity == 'erasure_requests' %} - (
                -- honoured although their rows are rejected
                select count(*)
                from {{ ref('intake_unreadable_erasure_requests') }}
            ){% endif %} as valid_rows,
            (
                select coalesce(sum(rejected_rows), 0)
                from {{ ref('rejected_' ~ entity) }}
                where is_row_rejected
            ) as rejected_rows
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    entity,
    input_rows,
    valid_rows,
    rejected_rows
from counts
where input_rows <> valid_rows + rejected_rows
