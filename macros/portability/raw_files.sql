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
  DuckDB: read_parquet(), union_by_name. Spark: an external table in Spark's own catalog, see raw_files_as_tables().
#}
{% macro read_parquet_files(pattern, are_alike=true) -%}
    {{ return(adapter.dispatch('read_parquet_files', 'rekindle')(pattern, are_alike)) }}
{%- endmacro %}

{% macro default__read_parquet_files(pattern, are_alike) -%}
    read_parquet({{ quoted_path(pattern) }}, hive_partitioning = false{{ '' if are_alike else ', union_by_name = true' }})
{%- endmacro %}

{% macro spark__read_parquet_files(pattern, are_alike) -%}
    {%- set table = 'spark_catalog.files.' ~ model.name -%}
    {%- do spark_external_table(
        table, 'parquet', {
            'path': pattern.split('/**/')[0],
            'recursiveFileLookup': 'true' if '/**/' in pattern else 'false',
            'mergeSchema': 'false' if are_alike else 'true',
        }
    ) -%}
    {{ return(table) }}
{%- endmacro %}

{#
  The files that match a pattern, sorted: * is any part of a name, ** any folders. Asked while a connector compiles, because DuckDB
  makes no view over a file that is not there. Looks at the disk, never at the warehouse.
  DuckDB: glob(). Spark lists a folder as a table of files whose contents are not asked for.
#}
{% macro files_matching(pattern) -%}
    {{ return(adapter.dispatch('files_matching', 'rekindle')(pattern)) }}
{%- endmacro %}

{% macro default__files_matching(pattern) %}
    {{ return(run_query("select file from glob(" ~ quoted_path(pattern) ~ ") order by file").columns[0].values() | list) }}
{% endmacro %}

{% macro spark__files_matching(pattern) %}
    {%- set folder = modules.re.match('[^*]*/', pattern)[0] -%}
    {%- set expression = modules.re.escape(pattern) | replace('/\\*\\*/', '/(?:.*/)?') | replace('\\*', '[^/]*') -%}
    {%- set view = 'files_' ~ local_md5(folder) -%}
    {%- do run_query(
        'create or replace temporary view ' ~ view ~ ' using binaryFile options (path ' ~ spark_text(folder)
        ~ ", recursiveFileLookup 'true')"
    ) -%}
    {%- set files = [] -%}
    {%- for row in run_query('select path from ' ~ view ~ ' order by path').rows -%}
        {%- set file = modules.re.sub('^file:/+', '/', row[0]) -%}
        {%- if modules.re.fullmatch(expression, file) -%}
            {%- do files.append(file) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(files) }}
{% endmacro %}

{#
  The columns of each of the Parquet files that match a pattern, and which of them hold text: {file: {name: is_text}}; reads no row.
  DuckDB: parquet_schema(), whose first entry of a file is no column, and whose texts are bytes. Spark: by an external table per file.
#}
{% macro columns_of_files(pattern, files) -%}
    {{ return(adapter.dispatch('columns_of_files', 'rekindle')(pattern, files)) }}
{%- endmacro %}

{% macro default__columns_of_files(pattern, files) %}
    {%- set columns = {} -%}
    {%- for row in run_query(
        "select file_name, name, type = 'BYTE_ARRAY' from parquet_schema(" ~ quoted_path(pattern)
        ~ ") order by file_name, column_id nulls first"
    ).rows -%}
        {%- do columns.setdefault(row[0], {}).update({row[1]: row[2]}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{% macro spark__columns_of_files(pattern, files) %}
    {%- set columns = {} -%}
    {%- for file in files -%}
        {%- set table = 'spark_catalog.files.file_' ~ local_md5(file) -%}
        {%- do columns.update({file: spark_columns_of_file(table, 'parquet', {'path': file})}) -%}
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
  copy nothing. The files and their kind are read from `external_location`: a first text with the path, in read_csv or read_parquet,
  and what read_csv is told of several files: union_by_name and filename.
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
        {%- set path = path if path.startswith('/') else invocation_args_dict.project_dir ~ '/' ~ path -%}
        {%- set table = source.schema ~ '.' ~ source.identifier -%}
        {%- set kind = 'csv' if location.startswith('read_csv') else 'parquet' -%}
        {%- set options = {'header': 'true', 'quote': '"', 'escape': '"', 'multiLine': 'true'} if kind == 'csv' else {} -%}
        {%- if 'union_by_name' in location -%}
            {%- set file_name = modules.re.search("filename = '(\\w+)'", location) -%}
            {%- do spark_union_of_files(table, kind, path, options, file_name[1] if file_name else none) -%}
        {%- else -%}
            {%- do spark_external_table(table, kind, dict(options, path=path)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# A table of Spark's own catalog that reads files where they lie. #}
{% macro spark_external_table(table, kind, options) %}
    {%- set pairs = [] -%}
    {%- for name, value in options.items() -%}
        {%- do pairs.append(name ~ ' ' ~ spark_text(value)) -%}
    {%- endfor -%}
    {%- do run_query('create schema if not exists ' ~ table.rpartition('.')[0]) -%}
    {%- do run_query('drop table if exists ' ~ table) -%}
    {%- do run_query('create table ' ~ table ~ ' using ' ~ kind ~ ' options (' ~ pairs | join(', ') ~ ')') -%}
{% endmacro %}

{# The columns of one file, and which of them hold text. #}
{% macro spark_columns_of_file(table, kind, options) %}
    {%- do spark_external_table(table, kind, options) -%}
    {%- set columns = {} -%}
    {%- for row in run_query('describe table ' ~ table).rows -%}
        {%- do columns.update({row[0]: row[1] in ['string', 'binary']}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{#
  Files of several forms as one table, by the names of their columns: what a file lacks is null. (Spark would read them by the place
  of a column, as the first file has it.)
#}
{% macro spark_union_of_files(table, kind, pattern, options, file_name) %}
    {%- set parts, names = [], [] -%}
    {%- for file in files_matching(pattern) -%}
        {%- set part = table ~ '__' ~ loop.index -%}
        {%- set columns = spark_columns_of_file(part, kind, dict(options, path=file)) -%}
        {%- do parts.append((part, file, columns)) -%}
        {%- for column in columns if column not in names -%}
            {%- do names.append(column) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not parts -%}
        {{ exceptions.raise_compiler_error("There is no file " ~ pattern ~ ": put the raw files there.") }}
    {%- endif -%}
    {%- set queries = [] -%}
    {%- for part, file, columns in parts -%}
        {%- set cells = [] -%}
        {%- for column in names -%}
            {%- do cells.append(('' if column in columns else 'cast(null as string) as ') ~ '`' ~ column ~ '`') -%}
        {%- endfor -%}
        {%- if file_name -%}
            {%- do cells.append(spark_text(file) ~ ' as ' ~ file_name) -%}
        {%- endif -%}
        {%- do queries.append('select ' ~ cells | join(', ') ~ ' from ' ~ part) -%}
    {%- endfor -%}
    {%- do run_query('create or replace view ' ~ table ~ ' as ' ~ queries | join(' union all ')) -%}
{% endmacro %}
