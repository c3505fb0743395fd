{#
  The UTC timestamp of a local wall clock in business_timezone, for sources that write local time. Called once, in a connector.
  The hour that comes twice in autumn cannot be told apart in such a source: DuckDB takes it for the second pass, Spark for the
  first. DuckDB: two timezone() calls. Spark: to_utc_timestamp().
#}
{% macro local_to_utc(local_timestamp) -%}
    {{ return(adapter.dispatch('local_to_utc', 'rekindle')(local_timestamp)) }}
{%- endmacro %}

{% macro default__local_to_utc(local_timestamp) -%}
    timezone('UTC', timezone('{{ setting("business_timezone") }}', {{ local_timestamp }}))
{%- endmacro %}

{% macro spark__local_to_utc(local_timestamp) -%}
    to_utc_timestamp({{ local_timestamp }}, '{{ setting("business_timezone") }}')
{%- endmacro %}
