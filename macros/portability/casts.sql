{#
  try_cast: null instead of an error when the text does not fit the type.
  DuckDB: try_cast(). Spark 3.5: try_cast() as well, but a bad plain cast is also null there unless ANSI mode is on.
  dbt.safe_cast() is a plain cast on DuckDB: it raises, and the error prints the value, which may be personal data.
#}
{% macro try_cast(expression, data_type) -%}
    {{ return(adapter.dispatch('try_cast', 'rekindle')(expression, data_type)) }}
{%- endmacro %}

{% macro default__try_cast(expression, data_type) -%}
    try_cast({{ expression }} as {{ data_type }})
{%- endmacro %}
