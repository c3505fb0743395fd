{#
  Seeds on DuckDB, read by the database itself. The adapter's own macro does not double an apostrophe in the path: a
  project in "Ann's folder" would load no seed.
#}
{% macro duckdb__load_csv_rows(model, agate_table) %}
    {%- if not config.get('fast', true) -%}
        {{ return(dbt.default__load_csv_rows(model, agate_table)) }}
    {%- endif -%}
    {%- set file = dbt.escape_single_quotes(adapter.get_seed_file_path(model)) -%}
    {%- set sql -%}
        copy {{ this }} from '{{ file }}' (format csv, header true, delimiter '{{ config.get("delimiter", ",") }}')
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{% endmacro %}
