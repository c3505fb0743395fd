{# The gates, in order. What each means: docs/scenario-guide.md. #}
{% macro gates() %}
    {{ return([
        'not_erased', 'not_stopped', 'reachable', 'consented', 'not_suppressed', 'not_cooling_down', 'admitted',
        'not_held_out', 'under_pressure_cap', 'won_arbitration',
    ]) }}
{% endmacro %}


{# Those of them that may open another day: a step that one of these closed waits while its window is open. #}
{% macro waiting_gates() %}
    {{ return(['admitted', 'under_pressure_cap', 'won_arbitration']) }}
{% endmacro %}
