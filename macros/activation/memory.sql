{#
  The engine's memory: decisions and scenario_entries are kept tables that the next run reads again, and isolations is what
  the last one said. Models read them as the
  source `memory`, because a model cannot ref() what comes after it. Made empty, from the columns of the models' contracts,
  at the start of a run that finds none.
#}
{% macro create_memory_tables() %}
    {%- for name in ('decisions', 'scenario_entries', 'isolations') -%}
        {%- for node in graph.nodes.values() if node.unique_id == 'model.rekindle.' ~ name -%}
            {%- set columns = [] -%}
            {%- for column in node.columns.values() -%}
                {%- do columns.append((column.name, column.data_type)) -%}
            {%- endfor -%}
            {%- do create_table_if_missing(node.schema, node.alias, columns, node.config.get('partition_by')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- written by scripts/ from the manifests of committed exports -#}
    {%- do create_table_if_missing('run', 'sealed_dates', [
        ('as_of_date', 'date'),
        ('feed', dbt.type_string()),
        ('run_id', dbt.type_string()),
        ('connector', dbt.type_string()),
    ]) -%}
{% endmacro %}


{# True (as SQL) when a committed export sealed the as-of date: what left the house is not decided again. #}
{% macro is_sealed() -%}
    exists (
        select 1
        from {{ source('run', 'sealed_dates') }} as sealed_dates
        where sealed_dates.as_of_date = {{ as_of_date() }}
    )
{%- endmacro %}


{#
  Pre-hook of decisions and scenario_entries: the as-of date's own rows make room for the same date decided again, unless they
  are sealed. Rows older than decision_retention_months go. Nothing is touched by --empty, which only looks at shapes.
#}
{% macro make_room_in_memory() -%}
    {%- set date_column = model.config.partition_by -%}
    {%- if execute and not flags.EMPTY -%}
        {%- if is_incremental() -%}
            {%- do add_new_columns() -%}
        {%- endif -%}
        {%- set rows = [] -%}
        {%- if not run_query('select ' ~ is_sealed()).rows[0][0] -%}
            {%- do rows.append(date_column ~ ' = ' ~ as_of_date()) -%}
        {%- endif -%}
        {%- if setting('decision_retention_months') is not none -%}
            {%- do rows.append(date_column ~ ' < ' ~ add_months(as_of_date(), '-' ~ setting('decision_retention_months'))) -%}
        {%- endif -%}
        {%- if rows -%}
            {{ make_room(rows | join(' or ')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#
  Decisions are made in order. An as-of date before the newest decided one would decide with what came after it: refused, unless
  that date is sealed and nothing would be decided anyway.
#}
{% macro refuse_to_decide_backwards() %}
    {%- set decides = [] -%}
    {%- for node in graph.nodes.values()
        if node.unique_id == 'model.rekindle.decisions' and node.unique_id in selected_resources -%}
        {%- do decides.append(node) -%}
    {%- endfor -%}
    {%- if decides and flags.WHICH in ('build', 'run') -%}
        {%- set table = api.Relation.create(database=target.get('database'), schema=decides[0].schema, identifier=decides[0].alias) -%}
        {%- set newest = run_query(
            "select cast(max(as_of_date) as " ~ dbt.type_string() ~ ") from " ~ table
            ~ " where as_of_date > " ~ as_of_date() ~ " and not " ~ is_sealed()
        ).rows[0][0] -%}
        {%- if newest is not none -%}
            {{ exceptions.raise_compiler_error(
                "Decisions were made up to " ~ newest ~ ", so " ~ as_of_date_text() ~ " cannot be decided any more: "
                ~ "run as of " ~ newest ~ " or later, or replay."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
