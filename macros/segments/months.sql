{# First day of the oldest month that this run recomputes, as a string: the newest closed month and the ones before it. #}
{% macro first_restated_month_text() %}
    {%- set parts = newest_closed_month_text().split('-') -%}
    {%- set months = parts[0] | int * 12 + parts[1] | int - 1 - (setting('rfm_restate_months') | int - 1) -%}
    {{ return('%04d-%02d-01' | format(months // 12, months % 12 + 1)) }}
{% endmacro %}


{% macro first_restated_month() -%}
    cast('{{ first_restated_month_text() }}' as date)
{%- endmacro %}


{# Whether a month is later than all that this kept table has: what was published once is not said again. #}
{% macro is_not_kept_yet(segment_month) -%}
    {%- if is_incremental() -%}
        {{ segment_month }} > (select coalesce(max(segment_month), cast('1900-01-01' as date)) from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#
  Pre-hook of an incremental model that appends: the months from `first_month` on (by its `partition_by`) make room, so that the
  model replaces them.
  (delete+insert would leave rows of a month that has none any more.)
#}
{% macro replace_months_from(first_month) %}
    {%- if is_incremental() -%}
        {%- do add_new_columns() -%}
        {{ make_room(model.config.partition_by ~ ' >= ' ~ first_month) }}
    {%- endif -%}
{% endmacro %}


{#
  Columns of the contract that a table of a version before lacks, added before a pre-hook deletes from it, and whether there were any.
  dbt adds them later in the same transaction, which DuckDB refuses to commit once rows of the table are deleted.
#}
{% macro add_new_columns() %}
    {%- set held = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
    {%- set lacking = [] -%}
    {%- for column in model.columns.values() if column.name not in held -%}
        {%- do lacking.append(api.Column.create(column.name, column.data_type)) -%}
    {%- endfor -%}
    {%- if execute and lacking -%}
        {%- do alter_relation_add_remove_columns(load_relation(this), lacking, none) -%}
    {%- endif -%}
    {{ return(lacking != []) }}
{% endmacro %}


{#
  Pre-hook of a model that appends a month and follows from kept tables alone: when it has gained a column, the newest month is
  derived again, and has it. Earlier months stay without: nothing was published for them that it could be made of.
#}
{% macro derive_newest_month_again() %}
    {%- if execute and is_incremental() and add_new_columns() -%}
        delete from {{ this }} where segment_month = (select max(segment_month) from {{ this }})
    {%- endif -%}
{% endmacro %}


{#
  The instant at which a month's segments became known: the first one of the month after it, on the business calendar.
  It dates the snapshot, in place of the clock on the wall.
#}
{% macro published_at(segment_month) -%}
    cast({{ add_months(segment_month, 1) }} as timestamp)
{%- endmacro %}


{# The snapshot's "now", for rows that vanished. The root project's macro wins the dispatch (see dbt_project.yml). #}
{% macro default__snapshot_get_time() -%}
    {{ published_at(newest_closed_month()) }}
{%- endmacro %}

{% macro duckdb__snapshot_get_time() -%}
    {{ published_at(newest_closed_month()) }}
{%- endmacro %}

{% macro spark__snapshot_get_time() -%}
    {{ published_at(newest_closed_month()) }}
{%- endmacro %}
