{#
  The distinct values of a group as one text, sorted, joined with ','.
  DuckDB: string_agg with order by. Spark 3.5: string_agg does not exist and dbt.listagg() ignores its order there, so the set is sorted
  as an array. Both compare bytes: the same text on both.
#}
{% macro sorted_list(expression) -%}
    {{ return(adapter.dispatch('sorted_list', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__sorted_list(expression) -%}
    string_agg(distinct {{ expression }}, ',' order by {{ expression }})
{%- endmacro %}

{% macro spark__sorted_list(expression) -%}
    nullif(array_join(array_sort(collect_set({{ expression }})), ','), '')
{%- endmacro %}

{#
  The value below which that share of the values lie, between two of them in proportion; nulls do not count.
  DuckDB: quantile_cont(), which the standard's `percentile_cont … within group` becomes. Spark: percentile().
#}
{% macro percentile(expression, share) -%}
    {{ return(adapter.dispatch('percentile', 'rekindle')(expression, share)) }}
{%- endmacro %}

{% macro default__percentile(expression, share) -%}
    quantile_cont({{ expression }}, {{ share }})
{%- endmacro %}

{% macro spark__percentile(expression, share) -%}
    percentile({{ expression }}, {{ share }})
{%- endmacro %}
