{#
  One look-up for every setting: the var of the same name, else the connector's own value, else the default.
  (dbt has no notion of a default per connector: vars alone would make each retailer edit the general defaults.)
#}
{% macro setting(name) %}
    {%- set given = var(name, none) -%}
    {%- if given is not none -%}{{ return(given) }}{%- endif -%}
    {%- set own = var('connector_settings').get(var('connector'), {}) -%}
    {%- if own.get(name) is not none -%}{{ return(own[name]) }}{%- endif -%}
    {%- if name not in var('default_settings') and name != 'default_as_of' -%}
        {{ exceptions.raise_compiler_error("Unknown setting '" ~ name ~ "': add it to default_settings in dbt_project.yml.") }}
    {%- endif -%}
    {{ return(var('default_settings').get(name)) }}
{% endmacro %}


{# For config(enabled=…) of input models. Fails at parse time, before anything is built, when the connector is unknown. #}
{% macro is_connector(name) %}
    {%- set known = var('connector_settings') -%}
    {%- if var('connector') not in known -%}
        {{ exceptions.raise_compiler_error(
            "There is no connector '" ~ var('connector') ~ "': use one of " ~ (known.keys() | sort | join(', '))
            ~ ", or add yours to connector_settings in dbt_project.yml and its models to models/input/."
        ) }}
    {%- endif -%}
    {{ return(var('connector') == name) }}
{% endmacro %}


{# Schemas are named as configured: one warehouse file per environment, so no target prefix is needed. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- return((custom_schema_name or target.schema) | trim) -}}
{% endmacro %}
