{#
  run_log: one row per `dbt build` or `dbt run`, started and (once green) finished. A killed or failed run leaves
  finished_at null: its tables may be of different dates, so nothing is published from them, and scripts/run.py first
  finishes that date. Written by the hooks of the run itself, hence also by plain `dbt build`.

  command_scope   full     every seed, model and snapshot; or the rest of them after `base` (the last step of a replay), or
                           but for what cannot have changed (scripts/rekindle/run/fingerprints.py)
                  base     what does not depend on the as-of date (the first step of a replay)
                  monthly  what one more month adds (a step of a replay)
                  daily    what one more day adds: decisions and audiences
                  partial  anything else: chosen models, `dbt run`, `dbt seed`, --empty
#}
{% macro prepare_run() %}
    {%- if execute -%}
        {%- do create_landing_tables() -%}
        {%- do create_memory_tables() -%}
        {%- do refuse_to_decide_backwards() -%}
        {%- do create_table_if_missing('run', 'run_log', [
            ('invocation_id', dbt.type_string()),
            ('connector', dbt.type_string()),
            ('command_scope', dbt.type_string()),
            ('as_of_date', 'date'),
            ('started_at', dbt.type_timestamp()),
            ('finished_at', dbt.type_timestamp()),
        ]) -%}
        {%- if flags.WHICH in ('build', 'run', 'seed', 'snapshot') -%}
            {%- do run_query(
                "insert into " ~ run_log_relation() ~ " values ('" ~ invocation_id ~ "', '" ~ var('connector') ~ "', '"
                ~ command_scope() ~ "', cast('" ~ as_of_date_text() ~ "' as date), cast('"
                ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as timestamp), cast(null as timestamp))"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Marks the run finished when every chosen node has a result and none failed or was skipped. Returns whether it did. #}
{% macro finish_run_log(results) %}
    {#- unit tests have results and are none of the selected resources: numbers say nothing, each one has to be green -#}
    {%- set green = {} -%}
    {%- for result in results -%}
        {%- if result.status not in ('success', 'pass', 'warn', 'no-op') -%}
            {{ return(false) }}
        {%- endif -%}
        {%- do green.update({result.node.unique_id: true}) -%}
    {%- endfor -%}
    {%- for unique_id in selected_resources if unique_id not in green -%}
        {{ return(false) }}
    {%- endfor -%}
    {%- do run_query(
        "update " ~ run_log_relation() ~ " set finished_at = cast('"
        ~ modules.datetime.datetime.now(modules.pytz.utc).strftime('%Y-%m-%d %H:%M:%S.%f')
        ~ "' as timestamp) where invocation_id = '" ~ invocation_id ~ "'"
    ) -%}
    {{ return(true) }}
{% endmacro %}


{% macro command_scope() %}
    {%- if flags.EMPTY -%}
        {{ return('partial') }}
    {%- endif -%}
    {%- set selector = invocation_args_dict.get('selector') -%}
    {%- if selector in ('base', 'monthly', 'daily') -%}
        {{ return(selector) }}
    {%- elif selector in ('publication_day', 'day_of_replay', 'evening') -%}
        {{ return('monthly' if selector == 'publication_day' else 'daily') }}
    {%- elif selector == 'complete' -%}
        {{ return('full' if is_base_finished() else 'partial') }}
    {%- endif -%}
    {%- set missing = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type in ('seed', 'model', 'snapshot') and node.package_name == 'rekindle'
            and node.unique_id not in selected_resources -%}
        {%- do missing.append(node) -%}
    {%- endfor -%}
    {#- how many scripts/rekindle/run/fingerprints.py left out -#}
    {{ return('full' if missing | length == var('nodes_left_out', 0) else 'partial') }}
{% endmacro %}


{# Whether `base` was finished and nothing complete was built since. #}
{% macro is_base_finished() %}
    {{ return(run_query(
        "select count(*) from " ~ run_log_relation() ~ " where command_scope = 'base' and finished_at is not null and not exists ("
        ~ "select 1 from " ~ run_log_relation() ~ " as later where later.command_scope = 'full' and later.finished_at is not null)"
    ).rows[0][0] > 0) }}
{% endmacro %}


{% macro run_log_relation() %}
    {{ return(api.Relation.create(database=target.get('database'), schema='run', identifier='run_log')) }}
{% endmacro %}


{# The relation, or none before the first run. #}
{% macro load_run_log() %}
    {{ return(load_relation(run_log_relation())) }}
{% endmacro %}


{% macro create_table_if_missing(schema, identifier, columns, partition_by=none) %}
    {%- set relation = api.Relation.create(database=target.get('database'), schema=schema, identifier=identifier) -%}
    {%- if load_relation(relation) is none -%}
        {%- do adapter.create_schema(relation) -%}
        {%- set definitions = [] -%}
        {%- for name, data_type in columns -%}
            {%- do definitions.append(name ~ ' ' ~ data_type) -%}
        {%- endfor -%}
        {%- do run_query(
            'create table ' ~ relation ~ ' (' ~ definitions | join(', ') ~ ')' ~ (partitioned_by(partition_by) if partition_by else '')
        ) -%}
        {#- dbt listed the tables before this hook ran: a model of the same name must find its own -#}
        {%- do adapter.cache_added(api.Relation.create(database=target.get('database'), schema=schema, identifier=identifier, type='table')) -%}
    {%- endif -%}
{% endmacro %}
