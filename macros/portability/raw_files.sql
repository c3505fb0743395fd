{# Parquet files as a table; the pattern may be a glob. DuckDB: read_parquet(). Spark: parquet.`path`. #}
{% macro read_parquet_files(pattern) -%}
    {{ return(adapter.dispatch('read_parquet_files', 'rekindle')(pattern)) }}
{%- endmacro %}

{% macro default__read_parquet_files(pattern) -%}
    read_parquet('{{ pattern }}', hive_partitioning = false)
{%- endmacro %}

{% macro spark__read_parquet_files(pattern) -%}
    parquet.`{{ pattern }}`
{%- endmacro %}

{#
  The files that match a pattern, sorted; none when the engine cannot tell. Asked while a connector compiles, because DuckDB
  makes no view over a file that is not there. Looks at the disk, never at the warehouse.
  DuckDB: glob(). Spark has no such function: its reader says itself that a path does not exist.
#}
{% macro files_matching(pattern) -%}
    {{ return(adapter.dispatch('files_matching', 'rekindle')(pattern)) }}
{%- endmacro %}

{% macro default__files_matching(pattern) %}
    {{ return(run_query("select file from glob('" ~ pattern ~ "') order by file").columns[0].values() | list) }}
{% endmacro %}

{% macro spark__files_matching(pattern) %}
    {{ return(none) }}
{% endmacro %}
