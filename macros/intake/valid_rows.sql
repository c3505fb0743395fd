{#
  The body of intake_<entity>: the input rows that rejected_<entity> does not name, with the contract's columns.
  blank: {column: when its value is set aside}, as rejected_<entity> says in `values`; those of else_blank are added.
  No window and no sort over the whole entity: rejects are few, so the first branch is a scan with an anti join against a
  small table, and the second reads only keys that came more than once (no reject, no scan).
  Of text files a table is made, since all that read the view would take them apart again. Requests to be forgotten stay one: whoever
  asks between two builds is heard.
#}
{% macro valid_rows(entity, blank={}) -%}
{%- if raw_rows_are_kept() and entity != 'erasure_requests' -%}
    {{ config(materialized='table') }}
{%- endif -%}
{%- set input = judged_rows(entity) -%}
{%- set is_bad = dict(blank) -%}
{%- for column, list in contract(entity)['else_blank'].items() -%}
    {%- do is_bad.update({column: is_not_in(column, list)}) -%}
{%- endfor -%}
{%- set selected = ['*'] if not is_bad else [] -%}
{%- for column in contract(entity)['columns'] if is_bad -%}
    {%- do selected.append('case when not ' ~ is_bad[column] ~ ' then ' ~ column ~ ' end as ' ~ column if column in is_bad else column) -%}
{%- endfor -%}
{# written out where it is read, and so is the input: DuckDB materialises a CTE that is read twice, and above one it
   reads every column of the input, and computes it, whoever asks for how few -#}
{%- set rejects = '(select * from ' ~ ref('rejected_' ~ entity) ~ ' where is_row_rejected) as rejects' -%}
with

{{ kept_judged_rows(entity) -}}
single_rows as (
    select
        {{ contract_columns(entity, 'input_rows') }}
    from {{ input }} as input_rows
    {{ anti_join() }} {{ rejects }} on {{ same_key(entity, 'input_rows', 'rejects') }}
    where {{ has_key(entity, 'input_rows') }}
),

repeated_rows as (
    select
        {{ contract_columns(entity, 'input_rows') }},
        {{ copy_number(entity, 'input_rows') }} as copy_number
    from {{ input }} as input_rows
    inner join {{ rejects }}
        on
            {{ same_key(entity, 'input_rows', 'rejects') }}
            and rejects.reason = 'duplicate_key'
),

kept_copies as (
    select
        {{ contract_columns(entity, 'repeated_rows') }}
    from repeated_rows
    {{ anti_join() }} {{ rejects }}
        on
            {{ same_key(entity, 'repeated_rows', 'rejects') }}
            and rejects.reason <> 'duplicate_key'
    where repeated_rows.copy_number = 1
)

select {{ selected | join(', ') }} from single_rows
union all
select {{ selected | join(', ') }} from kept_copies
{%- endmacro %}
