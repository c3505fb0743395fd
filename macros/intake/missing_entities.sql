{#
  A connector writes models for the entities that it has and names them below its line in connector_settings
  (`entities: [contacts, orders, order_lines]`; without the line, all of them). The others come from models/input/empty/:
  no row, with the columns and types of the contract.
#}

{# For config(enabled=…) of models/input/empty/: whether the chosen connector has no model for the entity. #}
{% macro lacks_entity(name) %}
    {%- set written = (var('connector_settings').get(var('connector')) or {}).get('entities') -%}
    {%- for entity in written or [] if entity not in contract_entities() -%}
        {{ exceptions.raise_compiler_error(
            "Connector '" ~ var('connector') ~ "' lists '" ~ entity ~ "' among its entities in dbt_project.yml, which is "
            ~ "no entity of the input contract: use " ~ contract_entities().keys() | join(', ') ~ "."
        ) }}
    {%- endfor -%}
    {{ return(written is not none and name not in written) }}
{% endmacro %}


{# The body of an input model without a row. #}
{% macro no_rows() -%}
select
    {% for column in model.columns.values() -%}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',\n    ' if not loop.last }}
    {%- endfor %}
where false
{%- endmacro %}


{#
  The body of an input model of the connector `host`: what the model rekindle_<entity> of the project that has installed this one as
  a package selects. Local dates are made of their stamps (`local_date_of`), as in every connector. docs/host-project.md
#}
{% macro rows_of_host() -%}
select
    {% for column in model.columns.values() -%}
        {%- set stamp = column.config.meta.get('local_date_of') -%}
        {{ local_date(stamp) ~ ' as ' if stamp }}{{ column.name }}{{ ',\n    ' if not loop.last }}
    {%- endfor %}
from {{ ref('rekindle_' ~ model.name[6:]) }}
{%- endmacro %}


{#
  Prints what an input model selects, to be copied and filled: every column of the entity, empty, with its type.
  dbt run-operation show_entity --args '{entity: carts}'
#}
{% macro show_entity(entity) %}
    {%- if entity not in contract_entities() -%}
        {{ exceptions.raise_compiler_error(
            "There is no entity '" ~ entity ~ "' in the input contract: use " ~ contract_entities().keys() | join(', ') ~ "."
        ) }}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.name == 'input_' ~ entity and node.resource_type == 'model' -%}
        {%- set lines = [] -%}
        {%- for column in node.columns.values() -%}
            {%- set stamp = column.config.meta.get('local_date_of') -%}
            {%- if not stamp -%}
                {%- do lines.append('    cast(null as ' ~ column.data_type ~ ') as ' ~ column.name) -%}
            {%- elif not is_connector('host') -%}
                {%- do lines.append("    {{ local_date('" ~ stamp ~ "') }} as " ~ column.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do print(lines | join(',\n')) -%}
    {%- endfor -%}
{% endmacro %}
