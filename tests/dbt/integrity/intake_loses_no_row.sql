-- Nothing is dropped in silence: of every entity, rows in = rows that go on + rows set aside.
-- Fails with one row of counts per entity that does not add up.
-- Counted entity by entity, and only told here: in one statement the engine holds the state of all of them at once,
-- which is gigabytes for next to no rows.
{#- read only once there is something to count, and known to dbt before -#}
{%- do ref('intake_unreadable_erasure_requests') -%}
{%- do source('landing', 'erasure_requests') -%}
{%- for entity in contract_entities() -%}
    {%- do ref('input_' ~ entity) -%}
    {%- do ref('intake_' ~ entity) -%}
    {%- do ref('rejected_' ~ entity) -%}
{%- endfor -%}
{%- set counts = [] -%}
{%- if execute and flags.WHICH in ('build', 'test') -%}
    {%- for entity in contract_entities() -%}
        {%- set row = run_query(
            "select (select count(*) from " ~ ref('input_' ~ entity) ~ ") as input_rows, "
            ~ "(select count(*) from " ~ ref('intake_' ~ entity) ~ ") as valid_rows, "
            ~ "(select coalesce(sum(rejected_rows), 0) from " ~ ref('rejected_' ~ entity)
            ~ " where is_row_rejected) as rejected_rows"
        ).rows[0] -%}
        {#- a request to be forgotten is honoured although its row is rejected; others were given here -#}
        {%- set honoured, given = namespace(rows=0), namespace(rows=0) -%}
        {%- if entity == 'erasure_requests' -%}
            {%- set honoured.rows = run_query(
                "select count(*) from " ~ ref('intake_unreadable_erasure_requests')
            ).rows[0][0] -%}
            {%- set given.rows = run_query(
                "select count(*) from " ~ source('landing', 'erasure_requests')
            ).rows[0][0] -%}
        {%- endif -%}
        {%- do counts.append((
            entity,
            row['input_rows'] + given.rows,
            row['valid_rows'] - honoured.rows,
            row['rejected_rows'],
        )) -%}
    {%- endfor -%}
{%- endif %}

with

counts as (
    {% for entity, input_rows, valid_rows, rejected_rows in counts -%}
        select
            '{{ entity }}' as entity,
            {{ input_rows }} as input_rows,
            {{ valid_rows }} as valid_rows,
            {{ rejected_rows }} as rejected_rows
        {{ 'union all' if not loop.last }}
    {% else -%}
        select
            'nothing is counted before there is something to count' as entity,
            0 as input_rows,
            0 as valid_rows,
            0 as rejected_rows
    {% endfor %}
)

select
    entity,
    input_rows,
    valid_rows,
    rejected_rows
from counts
where input_rows <> valid_rows + rejected_rows
