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
        {%- for column in node.columns.values() -%}
            {%- set stamp = column.config.meta.get('local_date_of') -%}
            {%- do print(
                '    ' ~ ("{{ local_date('" ~ stamp ~ "') }}" if stamp else 'cast(null as ' ~ column.data_type ~ ')')
                ~ ' as ' ~ column.name ~ (',' if not loop.last else '')
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
