{#
  Tables and views on DuckDB, each replaced in one transaction: readers see the old one until it is committed, and a failure
  leaves the old one. The adapter's own way (a second relation, two renames, a drop, questions about foreign keys and indexes
  in between) takes nine more statements per node: longer than what most of our models do.
  docs/decisions/0010-replace-in-one-transaction.md
#}
{% materialization table, adapter='duckdb' %}
    {{ return(replaced_in_one_transaction('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(replaced_in_one_transaction('view')) }}
{% endmaterialization %}

{% macro replaced_in_one_transaction(type) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type=type) -%}
    {%- set promises_columns = promises_columns_alone() -%}

    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {% call statement('main') -%}
        {%- if existing is not none %}
            drop {{ existing.type }} {{ existing }};
        {%- endif %}
        {%- if promises_columns %}
            create {{ type }} {{ target }} as (
                {{ sql }}
            );
        {%- elif type == 'table' %}
            {{ create_table_as(false, target, sql) }}
        {%- else %}
            {{ get_create_view_as_sql(target, sql) }}
        {%- endif %}
    {%- endcall %}

    {%- if promises_columns %}
        {% do keep_the_contract(target) %}
    {%- endif %}
    {% do create_indexes(target) %}
    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=false) }}

    {{ return({'relations': [target]}) }}
{% endmacro %}

{# Whether a model promises columns and nothing else: a constraint, or a header before the query, is the adapter's to carry out. #}
{% macro promises_columns_alone() %}
    {%- set constraints = [model.constraints] -%}
    {%- for column in model.columns.values() -%}
        {%- do constraints.append(column.constraints) -%}
    {%- endfor -%}
    {{ return(config.get('contract').enforced and config.get('sql_header') is none and not (constraints | select | list)) }}
{% endmacro %}

{#
  Asks what was just made whether it has the columns of its contract, a table also in their order, before it is committed. The adapter
  asks the query before that, which plans it twice. A column that is not spelled as in the contract is dbt's to judge, and to refuse.
#}
{% macro keep_the_contract(target) %}
    {%- set all_of_it = 'select * from ' ~ target -%}
    {%- set made = adapter.get_column_schema_from_query(all_of_it) -%}
    {%- set spelled, promised = [], [] -%}
    {%- for column in made -%}
        {%- do spelled.append(column.name ~ ' ' ~ column.dtype) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- do promised.append(column.name ~ ' ' ~ column.data_type | upper | replace('TEXT', 'VARCHAR')) -%}
    {%- endfor -%}
    {%- if spelled != promised -%}
        {%- do get_assert_columns_equivalent(all_of_it) -%}
        {%- set names = model.columns.keys() | list -%}
        {%- if target.is_table and made | map(attribute='name') | list != names -%}
            {%- do run_query('create or replace table ' ~ target ~ ' as (select ' ~ names | join(', ') ~ ' from ' ~ target ~ ')') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#
  In a pre-hook of an incremental model: the rows that hold for the condition make room for those that the model appends, in one step.
  The model is not to find them in its own table any more: on Spark they are still there when it reads.
  DuckDB: deleted in the transaction that appends. Spark: Iceberg commits each statement, so that a kill between two would lose a date;
  they are replaced by the insert itself, whose clause this is. It takes whole partitions: the condition is about `partition_by`.
#}
{% macro make_room(condition) -%}
    {{ return(adapter.dispatch('make_room', 'rekindle')(condition)) }}
{%- endmacro %}

{% macro default__make_room(condition) -%}
    delete from {{ this }} where {{ condition }}
{%- endmacro %}

{% macro spark__make_room(condition) -%}
    replace where {{ condition }}
{%- endmacro %}

{# What a model is that unites many views. DuckDB: a view. Spark: a table, because it plans all of them anew wherever it is read. #}
{% macro view_of_views() -%}
    {{ return(adapter.dispatch('view_of_views', 'rekindle')()) }}
{%- endmacro %}

{% macro default__view_of_views() -%}
    {{ return('view') }}
{%- endmacro %}

{% macro spark__view_of_views() -%}
    {{ return('table') }}
{%- endmacro %}

{# Of a new table. DuckDB: nothing, it has no partitions. Spark: what make_room() may then take out as a whole. #}
{% macro partitioned_by(column) -%}
    {{ return(adapter.dispatch('partitioned_by', 'rekindle')(column)) }}
{%- endmacro %}

{% macro default__partitioned_by(column) -%}{%- endmacro %}

{% macro spark__partitioned_by(column) -%}
    {{ return(' partitioned by (' ~ column ~ ')') }}
{%- endmacro %}

{#
  Incremental models on Spark: all of them append. One statement and one commit, where the adapter's own takes a temporary view, its
  columns, and an insert after what its pre-hooks have committed.
#}
{% materialization incremental, adapter='spark' %}
    {%- set existing = load_relation(this) -%}
    {%- set room = [] -%}
    {%- for hook in pre_hooks -%}
        {%- set said = render(hook.sql) | trim -%}
        {%- if said.startswith('replace where') -%}
            {%- do room.append(said) -%}
        {%- elif said -%}
            {%- do run_query(said) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if existing is none or not existing.is_table or should_full_refresh() -%}
        {%- if existing is not none and not existing.is_table -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {{ create_table_as(false, this, sql) }}
        {%- endcall -%}
    {%- else -%}
        {%- do add_new_columns() -%}
        {%- call statement('main') -%}
            insert into {{ this }} {{ room | first | default('') }}
            select {{ adapter.get_columns_in_relation(this) | map(attribute='name') | join(', ') }}
            from ({{ sql }})
        {%- endcall -%}
    {%- endif -%}
    {% do run_hooks(post_hooks) %}
    {{ return({'relations': [this]}) }}
{% endmaterialization %}
