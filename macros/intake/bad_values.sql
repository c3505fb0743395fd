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


{# Of what people declare, the numbers: how many messages a month, as a whole number, and at which hour of the day. #}
{% macro is_unreadable_preference(preference_type, preference_value) -%}
    case {{ preference_type }}
        when 'max_frequency' then {{ try_cast(preference_value, 'integer') }} is null
        when 'send_time' then coalesce({{ declared_hour(preference_value) }} not between 0 and 23, true)
        else false
    end
{%- endmacro %}


{# The hour that a declared time begins with: 18, 18:30. #}
{% macro declared_hour(preference_value) -%}
    {{ try_cast("split_part(" ~ preference_value ~ ", ':', 1)", 'integer') }}
{%- endmacro %}
