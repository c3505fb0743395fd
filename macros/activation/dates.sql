{#
  When what is decided as of D goes out: the day after, at the setting send_time in the business timezone. A run that looks before
  the end of the day (var as_of_time) decides for the same evening: at once.
  A slot is profile × send date: nobody gets two messages in one.
#}
{% macro send_date_text() %}
    {%- if var('as_of_time', none) is not none -%}
        {{ return(as_of_date_text()) }}
    {%- endif -%}
    {%- set parts = as_of_date_text().split('-') -%}
    {%- set day = modules.datetime.date(parts[0] | int, parts[1] | int, parts[2] | int) -%}
    {{ return((day + modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) }}
{% endmacro %}


{% macro send_date() -%}
    cast('{{ send_date_text() }}' as date)
{%- endmacro %}


{# The instant (UTC) at which it goes out. #}
{% macro send_instant() -%}
    {%- if var('as_of_time', none) is not none -%}
        {{ as_of_instant() }}
    {%- else -%}
        {%- set parts = send_date_text().split('-') -%}
        {%- set clock = setting('send_time') | string -%}
        {%- if not modules.re.match('^([01]\\d|2[0-3]):[0-5]\\d$', clock) -%}
            {{ exceptions.raise_compiler_error("send_time '" ~ clock ~ "' is not a time of day: write it as HH:MM.") }}
        {%- endif -%}
        {%- set local = modules.datetime.datetime(parts[0] | int, parts[1] | int, parts[2] | int, clock[:2] | int, clock[3:] | int) -%}
        {%- set zone = clock_zone() -%}
        cast('{{ zone.localize(local).astimezone(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
    {%- endif -%}
{%- endmacro %}


{# The half-year of the as-of date, 2017H2: a holdout is drawn anew in each. #}
{% macro holdout_period_text() %}
    {%- set parts = as_of_date_text().split('-') -%}
    {{ return(parts[0] ~ ('H1' if parts[1] | int <= 6 else 'H2')) }}
{% endmacro %}


{#
  True while a trigger can still matter: it has happened, and its journey can still send. A scenario's model emits it that long,
  so that a missed night heals and a second message finds its content.
#}
{% macro is_open_trigger(triggered_date, scenario) -%}
    {{ add_days(triggered_date, scenario ~ '.journey_days') }} >= {{ as_of_date() }}
{%- endmacro %}


{# The periods in which a state may trigger, and what each is called in the seed scenario_moments. #}
{% macro trigger_periods() %}
    {{ return({'month': 1, 'quarter': 3, 'half_year': 6, 'year': 12}) }}
{% endmacro %}


{# The first day of the period of so many months that the as-of date lies in. #}
{% macro period_start(months) -%}
    {%- set parts = as_of_date_text().split('-') -%}
    {%- set month = (parts[1] | int - 1) // months * months + 1 -%}
    cast('{{ modules.datetime.date(parts[0] | int, month, 1).strftime('%Y-%m-%d') }}' as date)
{%- endmacro %}
