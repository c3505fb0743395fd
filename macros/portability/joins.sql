{#
  `{{ anti_join() }} b on …`: the rows of the left side without a match, nothing of the right side.
  DuckDB: `anti join`. Spark: `left anti join`. Not written as `not exists`: DuckDB 1.5 plans that as a join that first copies
  and de-duplicates the left side (100 million order lines: 95 s of CPU and 10 GB instead of 20 s and 3 GB); nor as an outer
  join without a match, which it estimates so badly that it may hash the bigger side (27 s and 6 GB).
#}
{% macro anti_join() -%}
    {{ return(adapter.dispatch('anti_join', 'rekindle')()) }}
{%- endmacro %}

{% macro default__anti_join() -%}
    anti join
{%- endmacro %}

{% macro spark__anti_join() -%}
    left anti join
{%- endmacro %}


{#
  A key of the left side of a left join, where a condition on that side holds; else it finds nothing.

  Written as a condition of the join itself, DuckDB (1.5) would not hash the keys and look at all pairs of rows: 18,000
  steps took two seconds, and four times as many would take sixteen times as long. Spark hashes both.
#}
{% macro key_if(condition, key) %}case when {{ condition }} then {{ key }} end{% endmacro %}
