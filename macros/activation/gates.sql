{# The gates, in order. What each means: docs/scenario-guide.md. #}
{% macro gates() %}
    {{ return([
        'not_erased', 'not_stopped', 'reachable', 'consented', 'not_suppressed', 'not_cooling_down', 'admitted',
        'not_held_out', 'under_pressure_cap', 'won_arbitration',
    ]) }}
{% endmacro %}


{# Share of people that draw a variant of a step: it has the buckets from first_bucket to last_bucket of 10,000. #}
{% macro variant_share(variants) -%}
    ({{ variants }}.last_bucket - {{ variants }}.first_bucket + 1) / 10000e0
{%- endmacro %}


{# Those of them that may open another day: a step that one of these closed waits while its window is open. #}
{% macro waiting_gates() %}
    {{ return(['admitted', 'under_pressure_cap', 'won_arbitration']) }}
{% endmacro %}
