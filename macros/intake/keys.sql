{# How intake names a row: what rejected_<entity> and intake_<entity> must spell alike. #}

{# The key columns as rejected_<entity> holds them: [{'name': …, 'sql': …}]; `row` is the alias of the input rows. #}
{% macro key_columns(entity, row) %}
    {%- set columns = [] -%}
    {%- for column in contract(entity)['key'] -%}
        {%- if column in contract(entity)['private_key'] -%}
            {%- do columns.append({'name': column ~ '_hash', 'sql': dbt.hash(row ~ '.' ~ column)}) -%}
        {%- else -%}
            {%- do columns.append({'name': column, 'sql': row ~ '.' ~ column}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# True when an input row and a row of rejected_<entity> (or of keys taken from it) have the same key. #}
{% macro same_key(entity, row, keys) -%}
    {%- for column in key_columns(entity, row) -%}
        {%- if not loop.first %} and {% endif -%}
        {{ keys }}.{{ column.name }} = {{ column.sql }}
    {%- endfor -%}
{%- endmacro %}


{% macro has_key(entity, row) -%}
    {%- for column in contract(entity)['key'] -%}
        {%- if not loop.first %} and {% endif -%}
        {{ row }}.{{ column }} is not null
    {%- endfor -%}
{%- endmacro %}


{#
  Which copy of a key is kept: the one extracted last, among those the first by what the contract calls careful (an order
  that was cancelled before one that was not), then the greatest by every other column, compared one after the other. A
  total order up to equal rows, so that every build and every engine keeps the same one.
#}
{% macro copy_number(entity, row) -%}
    row_number() over (
        partition by {% for column in contract(entity)['key'] %}{{ row }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        order by
            {{ row }}.extracted_at desc nulls last
            {%- for column, values in contract(entity)['careful'].items() %},
            case {{ row }}.{{ column }}
                {%- for value in values %} when '{{ value }}' then {{ loop.index }}{% endfor %} end asc nulls last
            {%- endfor %}
            {%- for column in contract(entity)['columns'] if column != 'extracted_at' and column not in contract(entity)['key'] %},
            {{ row }}.{{ column }} desc nulls last
            {%- endfor %}
    )
{%- endmacro %}


{# The columns of the contract, one per line. #}
{% macro contract_columns(entity, row) -%}
    {%- for column in contract(entity)['columns'] -%}
        {{ row }}.{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The key as one text, for people: its parts joined by '|', an empty part where one is missing. #}
{% macro record_key(keys, row) -%}
    {%- set parts = [] -%}
    {%- for column in keys -%}
        {%- do parts.append("coalesce(cast(" ~ row ~ "." ~ column.name ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    {{ joined_by_bars(parts) }}
{%- endmacro %}
