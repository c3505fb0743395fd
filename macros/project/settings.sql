{#
  One look-up for every setting: the var of the same name, else the connector's own value, else the default.
  (dbt has no notion of a default per connector: vars alone would make each retailer edit the general defaults.)
  Models of a project that has this one as a package see the vars of their own project only, and no default;
  and no macro of ours but by the name of the package, also those that a macro calls: hence rekindle.setting() and the like.
#}
{% macro setting(name) %}
    {%- set given = var(name, none) -%}
    {%- if given is not none -%}{{ return(given) }}{%- endif -%}
    {%- set own = var('connector_settings').get(var('connector'), {}) -%}
    {%- if own.get(name) is not none -%}{{ return(own[name]) }}{%- endif -%}
    {%- set defaults = var('default_settings', {}) -%}
    {%- if not defaults -%}
        {{ exceptions.raise_compiler_error(
            "The default of '" ~ name ~ "' lies in the package rekindle, which this model does not see: write it in "
            ~ "connector_settings of dbt_project.yml."
        ) }}
    {%- elif name not in defaults and name != 'default_as_of' -%}
        {{ exceptions.raise_compiler_error("Unknown setting '" ~ name ~ "': add it to default_settings in dbt_project.yml.") }}
    {%- endif -%}
    {{ return(defaults.get(name)) }}
{% endmacro %}


{#
  For config(enabled=…) of input models. Fails at parse time, before anything is built, when the connector is unknown or
  fills another version of the input contract: config_check() would come too late, dbt stops at the first model that it lacks.
#}
{% macro is_connector(name) %}
    {%- set known = var('connector_settings') -%}
    {%- if var('connector') not in known -%}
        {{ exceptions.raise_compiler_error(
            "There is no connector '" ~ var('connector') ~ "': use one of " ~ (known.keys() | sort | join(', '))
            ~ ", or add yours to connector_settings in dbt_project.yml and its models to models/input/."
        ) }}
    {%- endif -%}
    {%- set declared = (known[var('connector')] or {}).get('contract_version') -%}
    {%- if declared != contract_version() -%}
        {{ exceptions.raise_compiler_error(
            "Connector '" ~ var('connector') ~ "' declares " ~ ('no version' if declared is none else 'version ' ~ declared)
            ~ " of the input contract and version " ~ contract_version() ~ " is read here: follow 'From version 1' in "
            ~ "docs/contract-version-2.md, then write contract_version: " ~ contract_version()
            ~ " below the connector in connector_settings of dbt_project.yml."
        ) }}
    {%- endif -%}
    {{ return(var('connector') == name) }}
{% endmacro %}


{# Schemas are named as configured: one warehouse file per environment, so no target prefix is needed. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- return((custom_schema_name or target.schema) | trim) -}}
{% endmacro %}
