{#
  Put between `as` and the parenthesis of a CTE that ends one step of a long chain of CTEs.
  DuckDB 1.5 inlines a CTE that is used once, and then its planner takes twice as long for every further level of windows
  (8 rounds of connected_components: 0.4 s, 12 rounds: 7 s, before the first row): `materialized` keeps each step apart, so
  that planning grows with the length of the chain. Spark has no such word; its planner does not need it.
#}
{% macro compute_once() -%}
    {{ return(adapter.dispatch('compute_once', 'rekindle')()) }}
{%- endmacro %}

{% macro default__compute_once() -%}{%- endmacro %}

{% macro duckdb__compute_once() -%}
    materialized
{%- endmacro %}


{#
  In the `where` of a CTE that several others read.
  DuckDB keeps such a CTE by itself: nothing to say. Spark 3.5 puts it in the place of each reader, and plans and computes it there
  anew, unless something in it is random: `rand() >= 0` always holds, which Spark does not see.
#}
{% macro planned_once() -%}
    {{ return(adapter.dispatch('planned_once', 'rekindle')()) }}
{%- endmacro %}

{% macro default__planned_once() -%}
    true
{%- endmacro %}

{% macro spark__planned_once() -%}
    rand() >= 0
{%- endmacro %}


{#
  Whether what is read of raw rows is kept by whoever reads it, instead of read and worked out again for each use.
  DuckDB reads a few columns of Parquet files sooner than it keeps all of them, but text files it takes apart each time: the setting
  raw_rows_are_text says what a connector has. Spark has a copy of the raw rows, a table, and reads that.
  docs/decisions/0063-what-is-read-of-text-files-is-kept.md
#}
{% macro raw_rows_are_kept() -%}
    {{ return(adapter.dispatch('raw_rows_are_kept', 'rekindle')()) }}
{%- endmacro %}

{% macro default__raw_rows_are_kept() -%}
    {{ return(setting('raw_rows_are_text')) }}
{%- endmacro %}

{% macro spark__raw_rows_are_kept() -%}
    {{ return(false) }}
{%- endmacro %}
