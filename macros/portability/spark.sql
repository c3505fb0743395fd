{#
  What dbt-spark does otherwise than this project needs. The root project's macros win (`dispatch` in dbt_project.yml).
#}

{# Any text as a literal of Spark: there a backslash escapes, in the standard a second quote does. #}
{% macro spark_text(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "\\'") | replace("\n", "\\n") }}'
{%- endmacro %}


{#
  What a schema holds, four values per relation: schema, name, whether it is temporary, what it is. dbt-spark asks for an extended list,
  which Iceberg does not give, then describes table after table, and fails where the schema is not there yet.
#}
{% macro spark__list_relations_without_caching(schema_relation) %}
    {%- set relations = [] -%}
    {%- if run_query("show schemas like '" ~ schema_relation.schema ~ "'").rows -%}
        {%- for row in run_query('show views in ' ~ schema_relation.schema).rows -%}
            {%- do relations.append((schema_relation.schema, row[1], false, 'Type: VIEW')) -%}
        {%- endfor -%}
        {%- for row in run_query('show tables in ' ~ schema_relation.schema).rows -%}
            {%- do relations.append((schema_relation.schema, row[1], false, 'Provider: iceberg')) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(relations) }}
{% endmacro %}


{# The rows of a seed, as literals. dbt-spark's own makes the text 'None' of null, trips over quotes and writes 3 as 3.0. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for cell in row -%}
            {%- set type = model['config'].get('column_types', {}).get(
                agate_table.column_names[loop.index0], adapter.convert_type(agate_table, loop.index0)
            ) -%}
            {%- do cells.append('cast(' ~ ('null' if cell is none else spark_text(cell)) ~ ' as ' ~ type ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set sql = 'insert into ' ~ this.render() ~ ' values ' ~ rows | join(',\n') -%}
    {%- if rows -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endif -%}
    {{ return(sql) }}
{% endmacro %}


{# split_part() is the same on both engines; dbt-spark's own reads the delimiter as a pattern and takes no column for the place. #}
{% macro spark__split_part(string_text, delimiter_text, part_number) -%}
    split_part({{ string_text }}, {{ delimiter_text }}, {{ part_number }})
{%- endmacro %}


{# A table that goes takes its files with it: without `purge` they would stay in the lake, where nothing finds them to erase a person. #}
{% macro spark__drop_relation(relation) -%}
    {%- call statement('drop_relation', auto_begin=False) -%}
        drop {{ relation.type }} if exists {{ relation }} {{ 'purge' if relation.type == 'table' }}
    {%- endcall -%}
{%- endmacro %}
