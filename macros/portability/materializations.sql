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

    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}

    {% call statement('main') -%}
        {%- if existing is not none %}
            drop {{ existing.type }} {{ existing }};
        {%- endif %}
        {%- if type == 'table' %}
            {{ create_table_as(false, target, sql) }}
        {%- else %}
            {{ get_create_view_as_sql(target, sql) }}
        {%- endif %}
    {%- endcall %}

    {% do create_indexes(target) %}
    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=false) }}

    {{ return({'relations': [target]}) }}
{% endmacro %}
