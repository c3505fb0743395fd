{# Channels whose messages can be clicked where it is seen, for `in (…)`. #}
{% macro tracked_channels() -%}
    'email', 'sms', 'push'
{%- endmacro %}


{# Those whose messages can be opened where it is seen: of an SMS nobody is told that it was read. #}
{% macro opened_channels() -%}
    'email', 'push'
{%- endmacro %}
