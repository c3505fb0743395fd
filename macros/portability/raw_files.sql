{# A path as a text of SQL, whatever quotes it holds. #}
{% macro quoted_path(path) -%}
    '{{ dbt.escape_single_quotes(path) }}'
{%- endmacro %}

{#
  The pattern that matches this folder and no other, whatever its name holds: readers take some signs for wildcards.
  DuckDB: * ? [ stand for themselves in brackets. Spark: a folder with such signs is not supported.
#}
{% macro only_this_folder(folder) -%}
    {{ return(adapter.dispatch('only_this_folder', 'rekindle')(folder)) }}
{%- endmacro %}

{% macro default__only_this_folder(folder) -%}
    {{ return(modules.re.sub('([*?[])', '[\\1]', folder)) }}
{%- endmacro %}

{% macro spark__only_this_folder(folder) -%}
    {{ return(folder) }}
{%- endmacro %}

{#
  Parquet files as a table; the pattern may be a glob. are_alike: all have the columns of the first, whose footer is then the
  only one that is read before the query; else what a file lacks is null.
  DuckDB: read_parquet(), union_by_name. Spark: parquet.`path`; the conf spark.sql.parquet.mergeSchema decides there.
#}
{% macro read_parquet_files(pattern, are_alike=true) -%}
    {{ return(adapter.dispatch('read_parquet_files', 'rekindle')(pattern, are_alike)) }}
{%- endmacro %}

{% macro default__read_parquet_files(pattern, are_alike) -%}
    read_parquet({{ quoted_path(pattern) }}, hive_partitioning = false{{ '' if are_alike else ', union_by_name = true' }})
{%- endmacro %}

{% macro spark__read_parquet_files(pattern, are_alike) -%}
    parquet.`{{ pattern | replace('`', '``') }}`
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
    {{ return(run_query("select file from glob(" ~ quoted_path(pattern) ~ ") order by file").columns[0].values() | list) }}
{% endmacro %}

{% macro spark__files_matching(pattern) %}
    {{ return(none) }}
{% endmacro %}

{#
  The columns of each Parquet file that matches a pattern: {file: [names]}. Asked where files_matching() can tell, and reads
  no row. DuckDB: parquet_schema(), whose first entry of a file is no column.
#}
{% macro columns_of_files(pattern) %}
    {%- set columns = {} -%}
    {%- for row in run_query(
        "select file_name, name from parquet_schema(" ~ quoted_path(pattern) ~ ") order by file_name, column_id nulls first"
    ).rows -%}
        {%- do columns.setdefault(row[0], []).append(row[1]) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{#
  The number of a row in its raw file (over several files: as they are read, one after the other), for files in which the order of
  rows means something. Only directly above the source.
  DuckDB: a window without order is computed in one thread, in the order in which read_csv(…, parallel = false) reads, whatever the
  setting preserve_insertion_order says. Spark: grows with the row inside each partition, and a file that is not split is one.
#}
{% macro file_row_number() -%}
    {{ return(adapter.dispatch('file_row_number', 'rekindle')()) }}
{%- endmacro %}

{% macro default__file_row_number() -%}
    row_number() over ()
{%- endmacro %}

{% macro spark__file_row_number() -%}
    monotonically_increasing_id()
{%- endmacro %}

{#
  At the start of a run, an external table for each table of raw files that a model reads.
  DuckDB: nothing to do, dbt-duckdb puts `external_location` of the source in its place. Spark: a view or table of the lake may read
  a table and no path; these lie in Spark's own catalog (schema `spark_catalog.<source>`), which lives as long as the process, and
  copy nothing. The files and their kind are read from `external_location`: a first text with the path, in read_csv or read_parquet.
#}
{% macro raw_files_as_tables() -%}
    {{ return(adapter.dispatch('raw_files_as_tables', 'rekindle')()) }}
{%- endmacro %}

{% macro default__raw_files_as_tables() -%}{%- endmacro %}

{% macro spark__raw_files_as_tables() -%}
    {%- set read = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) -%}
        {%- do read.extend(node.depends_on.nodes) -%}
    {%- endfor -%}
    {%- for source in (graph.sources.values() if execute else []) if source.unique_id in read and source.source_meta.get('external_location') -%}
        {%- set location = source.source_meta['external_location'] -%}
        {%- set path = modules.re.search("'((?:[^']|'')*)'", location)[1] | replace("''", "'") | replace('{name}', source.name) -%}
        {%- set is_csv = location.startswith('read_csv') -%}
        {%- set options = {'path': path if path.startswith('/') else invocation_args_dict.project_dir ~ '/' ~ path} -%}
        {%- if is_csv -%}
            {%- do options.update({'header': 'true', 'quote': '"', 'escape': '"', 'multiLine': 'true'}) -%}
        {%- endif -%}
        {%- set pairs = [] -%}
        {%- for name, value in options.items() -%}
            {%- do pairs.append(name ~ ' ' ~ spark_text(value)) -%}
        {%- endfor -%}
        {%- do run_query('create schema if not exists ' ~ source.schema) -%}
        {%- do run_query(
            'create table if not exists ' ~ source.schema ~ '.' ~ source.identifier ~ ' using ' ~ ('csv' if is_csv else 'parquet')
            ~ ' options (' ~ pairs | join(', ') ~ ')'
        ) -%}
    {%- endfor -%}
{%- endmacro %}
