{# Channels whose messages can be opened or clicked where it is seen, for `in (…)`. #}
{% macro tracked_channels() -%}
    'email', 'sms', 'push'
{%- endmacro %}
