{#
  When a value is set aside although its row stays: one expression for rejected_<entity>, which counts it, and for intake_<entity>,
  which blanks it. Never null, null is never bad.
#}

{% macro is_not_in(expression, list) -%}
    coalesce({{ expression }} not in ('{{ list | join("', '") }}'), false)
{%- endmacro %}


{% macro is_outside(expression, least, most) -%}
    coalesce({{ expression }} < {{ least }} or {{ expression }} > {{ most }}, false)
{%- endmacro %}


{# When something is said to have happened: not before the plausible and not after the extraction. #}
{% macro is_implausible_stamp(expression, extracted_at) -%}
    {{ is_outside(expression, "cast('" ~ setting('earliest_plausible_date') ~ "' as timestamp)", extracted_at) }}
{%- endmacro %}


{% macro is_negative(expression) -%}
    coalesce({{ expression }} < 0, false)
{%- endmacro %}


{# No engine agrees with another on how to ask for a zone: the names of the IANA database are written out. #}
{% macro is_unknown_time_zone(expression) -%}
    {{ is_not_in(expression, modules.pytz.all_timezones) }}
{%- endmacro %}
