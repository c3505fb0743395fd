{#
  The UTC timestamp of a local wall clock in business_timezone, or in `zone`, SQL for an IANA name. Called in connectors, for
  sources that write local time, and where a message waits for an hour of the recipient's day.
  What the wall clock shows twice (the hour that autumn repeats, in some zones midnight) is its first pass, on every engine: so
  a day begins at the first of two midnights, as local_date() and as_of_instant() have it.
  DuckDB: two timezone() calls give the second pass; where half an hour or an hour before it the clock showed the same, that is
  the first. Spark: to_utc_timestamp() gives the first.
#}
{% macro local_to_utc(local_timestamp, zone=none) -%}
    {{ return(adapter.dispatch('local_to_utc', 'rekindle')(local_timestamp, zone or rekindle.business_zone())) }}
{%- endmacro %}

{% macro default__local_to_utc(local_timestamp, zone) -%}
    {%- set second = "timezone('UTC', timezone(" ~ zone ~ ", " ~ local_timestamp ~ "))" -%}
    case
        {%- for minutes in [60, 30] %}
        when timezone({{ zone }}, timezone('UTC', {{ second }} - interval {{ minutes }} minute)) = {{ local_timestamp }}
            then {{ second }} - interval {{ minutes }} minute
        {%- endfor %}
        else {{ second }}
    end
{%- endmacro %}

{% macro spark__local_to_utc(local_timestamp, zone) -%}
    to_utc_timestamp({{ local_timestamp }}, {{ zone }})
{%- endmacro %}


{# The setting business_timezone, as SQL. #}
{% macro business_zone() -%}
    {{ return("'" ~ rekindle.setting('business_timezone') ~ "'") }}
{%- endmacro %}
