{#
  Rows that are written down here, as a select: names of columns, and for each row a text, a number or true or false for
  each. A union with a branch per row is planned branch by branch, by Spark for every reader anew.
#}
{% macro literal_rows(columns, rows) -%}
    select {{ columns | join(', ') }}
    from (
        values
        {%- for row in rows %}
        (
            {%- for value in row -%}
                {{ "'" ~ value | replace("'", "''") ~ "'" if value is string else value | lower }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    ) as literal_rows ({{ columns | join(', ') }})
{%- endmacro %}


{# One row per whole number from the first to the last. #}
{% macro whole_numbers(column, first, last) -%}
    {%- set rows = range(first, last + 1) | batch(1) -%}
    {{ literal_rows([column], rows) }}
{%- endmacro %}
