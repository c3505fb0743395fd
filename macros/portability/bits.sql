{#
  Two to the power of a whole number between 0 and 62, as a bigint.
  DuckDB: `<<`. Spark 3.5 has no such operator: shiftleft().
#}
{% macro power_of_two(exponent) -%}
    {{ return(adapter.dispatch('power_of_two', 'rekindle')(exponent)) }}
{%- endmacro %}

{% macro default__power_of_two(exponent) -%}
    (cast(1 as bigint) << {{ exponent }})
{%- endmacro %}

{% macro spark__power_of_two(exponent) -%}
    shiftleft(cast(1 as bigint), {{ exponent }})
{%- endmacro %}
