{# The folder with everything of the connector, as in profiles.yml and scripts/rekindle/ground/paths.py. #}
{% macro installation_folder() %}
    {{ return(env_var('REKINDLE_INSTALLATION', 'installations/' ~ var('connector'))) }}
{% endmacro %}


{#
  Why this warehouse is not the connector's, as sentences. profiles.yml sees the connector of --vars only, and has the project's
  own by name; and what lay in the project folder before each connector had a folder is asked for, not forgotten.
#}
{% macro installation_problems() %}
    {%- set problems = [] -%}
    {%- if target.path and not env_var('REKINDLE_WAREHOUSE', '') -%}
        {%- if target.path != installation_folder() ~ '/warehouse/build.duckdb' -%}
            {%- do problems.append(
                "profiles.yml builds into " ~ target.path ~ ", where '" ~ var('connector')
                ~ "' does not live: write that connector into the path of profiles.yml as well."
            ) -%}
        {%- elif not env_var('REKINDLE_INSTALLATION', '') and files_matching('warehouse/build.duckdb') -%}
            {%- do problems.append(
                "The project folder still holds warehouse/build.duckdb, which every connector shared: move it into the folder of "
                ~ "its connector, as `python scripts/run.py` and docs/runbook.md say."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}
