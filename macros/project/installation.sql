{# The folder with everything of the connector, as in profiles.yml and scripts/rekindle/ground/paths.py. #}
{% macro installation_folder() %}
    {{ return(env_var('REKINDLE_INSTALLATION', 'installations/' ~ var('connector'))) }}
{% endmacro %}


{#
  Why this warehouse is not the connector's, as sentences. profiles.yml sees the connector of --vars only, and has the project's
  own by name; and what lay in the project folder before each connector had a folder is asked for, not forgotten. A project that
  has this one as a package has profiles of its own, and may lack what docs/host-project.md asks of it.
#}
{% macro installation_problems() %}
    {%- set problems = host_problems() -%}
    {%- if target.path and not env_var('REKINDLE_WAREHOUSE', '') and project_name == 'rekindle' -%}
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


{# What a project that has this one as a package must say in its own dbt_project.yml and does not, as sentences. #}
{% macro host_problems() %}
    {%- set problems = [] -%}
    {%- if adapter.dispatch('snapshot_get_time', 'dbt')().strip() != published_at(newest_closed_month()).strip() -%}
        {%- do problems.append(
            "The snapshots would be dated by the clock on the wall: write dispatch with search_order [" ~ project_name
            ~ ", rekindle, dbt] for macro_namespace dbt into dbt_project.yml, as docs/host-project.md says."
        ) -%}
    {%- endif -%}
    {%- set ledger = graph.nodes.get('model.rekindle.decisions') -%}
    {%- set memory = graph.sources.get('source.rekindle.memory.decisions') -%}
    {%- if ledger and memory and (ledger.database, ledger.schema) != (memory.database, memory.schema) -%}
        {%- do problems.append(
            "The model decisions goes to schema " ~ ledger.schema ~ " and is read again from " ~ memory.schema
            ~ ": leave the schemas of package rekindle as they are, as docs/host-project.md says."
        ) -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}
