{#
  The as-of date: the only clock of the project (docs/decisions/0001-one-clock.md).
  The var, else the connector's default_as_of, else the date of the run in the business timezone.
  Returns a string, YYYY-MM-DD.
#}
{% macro as_of_date_text() %}
    {%- set given = var('as_of_date', none) or setting('default_as_of') -%}
    {%- if given is none -%}
        {%- set zone = clock_zone() -%}
        {{ return(run_started_at.astimezone(zone).strftime('%Y-%m-%d')) }}
    {%- endif -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', given | string) -%}
        {{ exceptions.raise_compiler_error("as_of_date '" ~ given ~ "' is not a date: write it as YYYY-MM-DD.") }}
    {%- endif -%}
    {%- set parts = (given | string).split('-') -%}
    {%- set year, month, day = parts[0] | int, parts[1] | int, parts[2] | int -%}
    {%- if year < 1900 or year > 2999 -%}
        {{ exceptions.raise_compiler_error("as_of_date '" ~ given ~ "' is out of time: name a year from 1900 to 2999.") }}
    {%- endif -%}
    {%- if month < 1 or month > 12 or day < 1
        or day > (modules.datetime.date(year + (month // 12), month % 12 + 1, 1) - modules.datetime.timedelta(days=1)).day -%}
        {{ exceptions.raise_compiler_error("as_of_date '" ~ given ~ "' is not a day of the calendar: write it as YYYY-MM-DD.") }}
    {%- endif -%}
    {{ return(given | string) }}
{% endmacro %}


{# The setting business_timezone, as Python has it: asked for while the project is read, before config_check() looks at settings. #}
{% macro clock_zone() %}
    {%- set name = setting('business_timezone') -%}
    {%- if name not in modules.pytz.all_timezones_set -%}
        {{ exceptions.raise_compiler_error("business_timezone '" ~ name ~ "' is no time zone: it must be an IANA name such as Europe/Paris.") }}
    {%- endif -%}
    {{ return(modules.pytz.timezone(name)) }}
{% endmacro %}


{# The as-of date as SQL. #}
{% macro as_of_date() -%}
    cast('{{ as_of_date_text() }}' as date)
{%- endmacro %}


{# The first instant (UTC) the as-of date does not see: the end of the day, or as_of_time on it, in the business timezone. #}
{% macro as_of_instant() -%}
    {%- set parts = as_of_date_text().split('-') -%}
    {%- set day = modules.datetime.datetime(parts[0] | int, parts[1] | int, parts[2] | int) -%}
    {%- set clock = var('as_of_time', none) -%}
    {%- if clock is none -%}
        {%- set local = day + modules.datetime.timedelta(days=1) -%}
    {%- else -%}
        {%- if not modules.re.match('^([01]\\d|2[0-3]):[0-5]\\d$', clock | string) -%}
            {{ exceptions.raise_compiler_error("as_of_time '" ~ clock ~ "' is not a time of day: write it as HH:MM.") }}
        {%- endif -%}
        {%- set local = day + modules.datetime.timedelta(hours=clock[:2] | int, minutes=clock[3:] | int) -%}
    {%- endif -%}
    {%- set zone = clock_zone() -%}
    {# of what the clock shows twice the first pass, as local_to_utc(); what it skips is as late as the clock went on #}
    {%- set first = zone.localize(local, is_dst=true) -%}
    {%- set instant = first if zone.normalize(first).replace(tzinfo=none) == local else zone.localize(local, is_dst=false) -%}
    cast('{{ instant.astimezone(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}


{# True for what had happened when the as-of date looks: the contract has no load time, so "known at" reads "happened by". #}
{% macro happened_by(column) -%}
    {{ column }} < {{ as_of_instant() }}
{%- endmacro %}


{# First day of the newest closed month, as a string: a month is closed when the as-of date is after its last day. #}
{% macro newest_closed_month_text() %}
    {{ return(month_closed_by(as_of_date_text())) }}
{% endmacro %}


{# The same for any day, YYYY-MM-DD. Commands render this macro too (rekindle.ground.rules). #}
{% macro month_closed_by(day) %}
    {%- set parts = day.split('-') -%}
    {%- set first_of_month = modules.datetime.date(parts[0] | int, parts[1] | int, 1) -%}
    {{ return((first_of_month - modules.datetime.timedelta(days=1)).strftime('%Y-%m-01')) }}
{% endmacro %}


{% macro newest_closed_month() -%}
    cast('{{ newest_closed_month_text() }}' as date)
{%- endmacro %}


{# True inside a half-open validity range [valid_from, valid_to); an open range has no valid_to. The only place that decides this. #}
{% macro is_valid_at(instant, valid_from, valid_to) -%}
    ({{ valid_from }} <= {{ instant }} and ({{ valid_to }} is null or {{ instant }} < {{ valid_to }}))
{%- endmacro %}


{# The same for the as-of date, whose instant is the first it does not see: begun by it and not ended by it. #}
{% macro holds_as_of(valid_from, valid_to) -%}
    ({{ happened_by(valid_from) }} and ({{ valid_to }} is null or not ({{ happened_by(valid_to) }})))
{%- endmacro %}
