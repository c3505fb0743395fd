{#
  Days from one day to a later one on which not all was closed. The two last arguments are relations of open_days,
  joined by the dates; a day beyond the 27 years that are numbered there counts by the calendar.
#}
{% macro open_days_between(first_date, last_date, first_day, last_day) -%}
    coalesce(
        {{ last_day }}.open_day_number - {{ first_day }}.open_day_number,
        {{ days_between(first_date, last_date) }}
    )
{%- endmacro %}
