{# The gates, in order. What each means: docs/scenario-guide.md. #}
{% macro gates() %}
    {{ return([
        'not_erased', 'not_stopped', 'reachable', 'consented', 'not_suppressed', 'not_cooling_down', 'not_held_out',
        'under_pressure_cap', 'won_arbitration',
    ]) }}
{% endmacro %}
