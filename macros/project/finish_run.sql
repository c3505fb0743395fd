{# The end of every run: a green one is marked finished in run_log. #}
{% macro finish_run(results) %}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- do finish_run_log(results) -%}
    {%- endif -%}
{% endmacro %}
