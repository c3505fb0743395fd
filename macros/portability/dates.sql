{#
  Dates, as dates. dbt.dateadd() and dbt.date_trunc() return timestamps on DuckDB and dates on Spark; a series stepped from
  the 31st drifts on both. Every macro here returns a date on every engine.
  On Spark they are its own functions: dbt-spark writes its argument six times into each call, so that dates counted from dates grow
  beyond what its planner can read, and loses fractions of a second.
#}
{% macro add_days(expression, days) -%}
    {{ return(adapter.dispatch('add_days', 'rekindle')(expression, days)) }}
{%- endmacro %}

{% macro default__add_days(expression, days) -%}
    cast({{ dbt.dateadd('day', days, expression) }} as date)
{%- endmacro %}

{# DuckDB: date + integer is a date, with no detour over a timestamp (twice as fast on 20 M rows). #}
{% macro duckdb__add_days(expression, days) -%}
    ({{ expression }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(expression, days) -%}
    date_add({{ expression }}, cast({{ days }} as int))
{%- endmacro %}

{% macro add_months(expression, months) -%}
    {{ return(adapter.dispatch('add_months', 'rekindle')(expression, months)) }}
{%- endmacro %}

{% macro default__add_months(expression, months) -%}
    cast({{ dbt.dateadd('month', months, expression) }} as date)
{%- endmacro %}

{% macro spark__add_months(expression, months) -%}
    add_months({{ expression }}, cast({{ months }} as int))
{%- endmacro %}

{% macro month_start(expression) -%}
    cast({{ dbt.date_trunc('month', expression) }} as date)
{%- endmacro %}

{% macro month_end(expression) -%}
    {{ return(adapter.dispatch('month_end', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__month_end(expression) -%}
    cast({{ dbt.last_day(expression, 'month') }} as date)
{%- endmacro %}

{% macro spark__month_end(expression) -%}
    last_day({{ expression }})
{%- endmacro %}

{# How many first days of a month lie between the first date and the second, as an integer. #}
{% macro months_between(first_date, second_date) -%}
    cast(
        12 * (extract(year from {{ second_date }}) - extract(year from {{ first_date }}))
        + extract(month from {{ second_date }}) - extract(month from {{ first_date }})
        as integer
    )
{%- endmacro %}

{# An instant some seconds later; a timestamp on every engine. #}
{% macro add_seconds(expression, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'rekindle')(expression, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(expression, seconds) -%}
    cast({{ dbt.dateadd('second', seconds, expression) }} as timestamp)
{%- endmacro %}

{% macro spark__add_seconds(expression, seconds) -%}
    timestampadd(second, {{ seconds }}, {{ expression }})
{%- endmacro %}

{# Whole days from the first date to the second, as an integer. #}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between', 'rekindle')(first_date, second_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, second_date) -%}
    cast({{ dbt.datediff(first_date, second_date, 'day') }} as integer)
{%- endmacro %}

{% macro spark__days_between(first_date, second_date) -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}

{#
  The local calendar date of a UTC timestamp. Called in the input layer only: everything right of it reads the date.
#}
{% macro local_date(utc_timestamp) -%}
    cast({{ local_timestamp(utc_timestamp) }} as date)
{%- endmacro %}

{#
  What the clock on the wall showed at a UTC timestamp, in business_timezone or in `zone`, SQL for an IANA name.
  DuckDB: two timezone() calls (UTC wall clock → instant → local wall clock). Spark: from_utc_timestamp().
#}
{% macro local_timestamp(utc_timestamp, zone=none) -%}
    {{ return(adapter.dispatch('local_timestamp', 'rekindle')(utc_timestamp, zone or rekindle.business_zone())) }}
{%- endmacro %}

{% macro default__local_timestamp(utc_timestamp, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ utc_timestamp }}))
{%- endmacro %}

{% macro spark__local_timestamp(utc_timestamp, zone) -%}
    from_utc_timestamp({{ utc_timestamp }}, {{ zone }})
{%- endmacro %}

{# 1 = Monday … 7 = Sunday: counted from a Monday, because engines number the days of a week differently. #}
{% macro iso_weekday(date) -%}
    (({{ days_between("cast('1900-01-01' as date)", date) }}) % 7 + 1)
{%- endmacro %}
