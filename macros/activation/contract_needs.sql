{#
  The columns of the input contract that the scenarios need, as the seed names them today: {entity: [column, …]}. Read while
  the model that counts them is compiled, when dbt has loaded the seed: counting every column of the contract would read all
  of the input, and there is nothing else from which SQL could know which relation to count. Empty before the first seed;
  a name that the contract does not have is the business of scenarios_seeds_agree_and_keep_their_salts.
#}
{% macro needed_contract_columns() %}
    {%- set needed = {} -%}
    {%- set seed = load_relation(ref('scenarios')) if execute else none -%}
    {%- if seed is not none -%}
        {%- for row in run_query(
            "select targeting_data, trigger_data, personalisation_data, interruption_data from " ~ seed
        ).rows -%}
            {%- for name in (row | select('string') | join(' ')).split() if name in contract_column_names() -%}
                {%- set entity, column = name.split('.') -%}
                {%- if column not in needed.setdefault(entity, []) -%}
                    {%- do needed[entity].append(column) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(needed) }}
{% endmacro %}
