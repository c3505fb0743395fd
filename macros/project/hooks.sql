{% macro config_check() %}
    {{ return('') }}
{% endmacro %}

{% macro prepare_run() %}
    {{ return(create_phone_numbers_table()) }}
{% endmacro %}

{% macro finish_run(results) %}
    {{ return('') }}
{% endmacro %}
