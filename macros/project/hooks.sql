{% macro config_check() %}
    {{ return('') }}
{% endmacro %}

{% macro prepare_run() %}
    {{ return('') }}
{% endmacro %}

{% macro finish_run(results) %}
    {{ return('') }}
{% endmacro %}
