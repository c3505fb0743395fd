{#
  The body of an input model of the connector `parquet`: <REKINDLE_CONTRACT_PATH>/input_<entity>.parquet, or a folder
  input_<entity>/ of Parquet files, with the columns and types of the contract. What does not fit a type becomes null, which
  intake counts where the contract wants a value.
  A local date is made of its stamp (`local_date_of`), as in every connector: the date that a file holds may be the UTC one.
  An entity without a file is empty: not every retailer has web events. A folder without any, a file that is no entity of the
  contract (a typo would make an empty entity) and a missing column stop the run with one sentence each.
  Files of version 1 are still read in this release: a column that is new in version 2 is empty, or what it replaces; the
  summary of the run says so, see contract_gaps().
#}
{% macro contract_parquet() -%}
{%- set found = contract_files(model.name) if execute else {'files': [], 'columns': {}} -%}
{# which columns there are, and whether any file writes them as text #}
{%- set present = {} -%}
{%- for file, columns in found.columns.items() -%}
    {%- for name, is_text in columns.items() -%}
        {%- do present.update({name: is_text or present.get(name, false)}) -%}
    {%- endfor -%}
    {%- set missing = [] -%}
    {%- for column in model.columns.values() if column.name not in columns and not column.config.meta.get('since_version') -%}
        {%- do missing.append(column.name) -%}
    {%- endfor -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            file ~ " lacks " ~ missing | join(', ') ~ ": add " ~ ('it' if missing | length == 1 else 'them')
            ~ ", empty where unknown; models/input/_input__models.yml says what belongs there."
        ) }}
    {%- endif -%}
{%- endfor -%}

select
    {% for column in model.columns.values() -%}
        {%- set stamp = column.config.meta.get('local_date_of') -%}
        {%- if stamp in present -%}
            {{ local_date(contract_value(stamp, 'timestamp', present[stamp])) }} as {{ column.name }}
        {%- else -%}
            {%- set values = [] -%}
            {%- for name in [column.name, column.config.meta.get('replaces')] if name in present -%}
                {%- do values.append(contract_value(name, column.data_type, present[name])) -%}
            {%- endfor -%}
            {%- if values | length > 1 -%}
                coalesce({{ values | join(', ') }}) as {{ column.name }}
            {%- else -%}
                {{ values[0] if values else 'cast(null as ' ~ column.data_type ~ ')' }} as {{ column.name }}
            {%- endif -%}
        {%- endif -%}
        {{ ',\n    ' if not loop.last }}
    {%- endfor %}
{% if not found.files -%}
where false
{%- else -%}
from {{ read_parquet_files(found.pattern, found.columns.values() | map('dictsort') | map('string') | unique | list | length <= 1) }}
{%- endif -%}
{%- endmacro %}


{#
  A value of a contract file. Stamps are UTC; text that names another zone is read by it. What is no text names none, and is not
  searched for one: over 100 million rows that is what takes longest.
#}
{% macro contract_value(name, data_type, is_text) -%}
    {%- if data_type | lower == 'timestamp' and is_text -%}
    {{ utc_unless_zoned(name) }}
    {%- else -%}
    {{ try_cast(name, data_type) }}
    {%- endif -%}
{%- endmacro %}


{#
  Where the rows of an input model are: {pattern, files, columns per file}.
#}
{% macro contract_files(name) %}
    {%- set folder = env_var('REKINDLE_CONTRACT_PATH', installation_folder() ~ '/data/contract').rstrip('/') -%}
    {%- set place = only_this_folder(folder) -%}
    {%- set single_files = files_matching(place ~ '/input_*.parquet') -%}
    {%- set all_files = single_files + files_matching(place ~ '/input_*/**/*.parquet') -%}
    {%- if not all_files -%}
        {{ exceptions.raise_compiler_error(
            "There is no input_<entity>.parquet in " ~ folder
            ~ ": set REKINDLE_CONTRACT_PATH to the folder that holds the contract's files."
        ) }}
    {%- endif -%}
    {%- for file in all_files -%}
        {%- set found = file[(folder | length) + 1:].replace('\\', '/').split('/')[0].replace('.parquet', '') -%}
        {%- if found[6:] not in contract_entities() -%}
            {{ exceptions.raise_compiler_error(
                "There is no entity " ~ found ~ " in the input contract, but a file of that name in " ~ folder
                ~ ": name it after a model of models/input/_input__models.yml."
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {%- set place_of_file = '/' ~ name ~ '.parquet' -%}
    {%- set is_file = folder ~ place_of_file in single_files -%}
    {%- set files = [] -%}
    {%- for file in all_files if file.startswith(folder ~ (place_of_file if is_file else '/' ~ name ~ '/')) -%}
        {%- do files.append(file) -%}
    {%- endfor -%}
    {%- set pattern = place ~ (place_of_file if is_file else '/' ~ name ~ '/**/*.parquet') -%}
    {{ return({'pattern': pattern, 'files': files, 'columns': columns_of_files(pattern, files) if files else {}}) }}
{% endmacro %}


{# What files of version 1 lack of an input model (a node of the graph), as [entity.column], with what is read instead. #}
{% macro contract_gaps(node) %}
    {%- set gaps = [] -%}
    {%- set columns_per_file = contract_files(node.name).columns.values() | list -%}
    {%- for column in node.columns.values() -%}
        {%- set without = [] -%}
        {%- for columns in columns_per_file if column.name not in columns -%}
            {%- do without.append(column.config.meta.get('replaces') in columns) -%}
        {%- endfor -%}
        {%- if without -%}
            {%- do gaps.append(
                node.name[6:] ~ '.' ~ column.name
                ~ (' (' ~ column.config.meta.get('replaces') ~ ' is read)' if without | select | list else '')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(gaps) }}
{% endmacro %}
