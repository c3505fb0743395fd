{#
  Post-hook of the seed scenarios. A retailer begins with a few: a scenario that the connector has not taken into use
  (setting scenarios_in_use) is switched off, whatever its row says. Whoever reads the table finds what holds.
#}
{% macro switch_off_what_is_not_in_use() %}
    {%- set names = setting('scenarios_in_use') -%}
    {%- if execute and names != '*' -%}
        {%- set known = run_query("select scenario_id from " ~ this).columns[0].values() -%}
        {%- for name in names if name not in known -%}
            {{ exceptions.raise_compiler_error(
                "scenarios_in_use names '" ~ name ~ "', which seeds/config/scenarios.csv does not have: name a scenario_id."
            ) }}
        {%- endfor -%}
        {%- set unused = not_in_use(known, names) -%}
        {%- if unused -%}
            update {{ this }}
            set is_enabled = false
            where scenario_id in ('{{ unused | join("', '") }}')
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Those of the scenarios that a connector has not taken into use; '*' uses all. Commands render this macro, too. #}
{% macro not_in_use(scenario_ids, names) %}
    {{ return([] if names == '*' else scenario_ids | reject('in', names) | list) }}
{% endmacro %}
