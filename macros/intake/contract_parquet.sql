{#
  The body of an input model of the connector `parquet`: <REKINDLE_CONTRACT_PATH>/input_<entity>.parquet, or a folder
  input_<entity>/ of Parquet files, with the columns and types of the contract. What does not fit a type becomes null, which
  intake counts where the contract wants a value.
  An entity without a file is empty: not every retailer has web events. A folder without any, a file that is no entity of the
  contract (a typo would make an empty entity) and a missing column stop the run with one sentence each.
#}
{% macro contract_parquet() -%}
{%- set folder = env_var('REKINDLE_CONTRACT_PATH', 'data/contract').rstrip('/') -%}
{%- set pattern = folder ~ '/' ~ model.name ~ '.parquet' -%}
{%- set files = none -%}
{%- if execute -%}
    {%- set single_files = files_matching(folder ~ '/input_*.parquet') -%}
    {%- if single_files is not none -%}
        {%- set folder_files = files_matching(folder ~ '/input_*/**/*.parquet') -%}
        {%- if not single_files and not folder_files -%}
            {{ exceptions.raise_compiler_error(
                "There is no input_<entity>.parquet in " ~ folder
                ~ ": set REKINDLE_CONTRACT_PATH to the folder that holds the contract's files."
            ) }}
        {%- endif -%}
        {%- for file in single_files + folder_files -%}
            {%- set name = file[(folder | length) + 1:].replace('\\', '/').split('/')[0].replace('.parquet', '') -%}
            {%- if name[6:] not in contract_entities() -%}
                {{ exceptions.raise_compiler_error(
                    "There is no entity " ~ name ~ " in the input contract, but a file of that name in " ~ folder
                    ~ ": name it after a model of models/input/_input__models.yml."
                ) }}
            {%- endif -%}
        {%- endfor -%}
        {%- if pattern not in single_files -%}
            {%- set pattern = folder ~ '/' ~ model.name ~ '/**/*.parquet' -%}
        {%- endif -%}
        {%- set files = files_matching(pattern) -%}
    {%- endif -%}
{%- endif -%}
{%- if files -%}
    {%- set present = run_query('describe select * from ' ~ read_parquet_files(files[0])).columns[0].values() | list -%}
    {%- set missing = model.columns.keys() | reject('in', present) | list -%}
    {%- if missing -%}
        {{ exceptions.raise_compiler_error(
            files[0] ~ " lacks " ~ missing | join(', ') ~ ": add " ~ ('it' if missing | length == 1 else 'them')
            ~ ", empty where unknown; models/input/_input__models.yml says what belongs there."
        ) }}
    {%- endif -%}
{%- endif -%}

select
    {% for column in model.columns.values() -%}
        {%- if files == [] -%}
            cast(null as {{ column.data_type }}) as {{ column.name }}
        {%- else -%}
            {{ try_cast(column.name, column.data_type) }} as {{ column.name }}
        {%- endif -%}
        {{ ',\n    ' if not loop.last }}
    {%- endfor %}
{% if files == [] -%}
where false
{%- else -%}
from {{ read_parquet_files(pattern) }}
{%- endif -%}
{%- endmacro %}
