{# How long a person has been silent, as a tier; without a date she counts as silent for ever. `at` is a date. #}
{% macro engagement_tier(last_contact_date, at) -%}
    case
        when {{ last_contact_date }} is null then 'to_delete'
        when {{ last_contact_date }} > {{ add_months(at, '-' ~ setting('tier_dormant_months')) }} then 'active'
        when {{ last_contact_date }} > {{ add_months(at, '-' ~ setting('tier_at_risk_months')) }} then 'dormant'
        when {{ last_contact_date }} > {{ add_months(at, '-' ~ setting('tier_to_delete_months')) }} then 'at_risk'
        else 'to_delete'
    end
{%- endmacro %}


{# The settings that tiers follow, as one text: months told by different ones say nothing of who fell from one to the other. #}
{% macro tier_rules_text() %}
    {{ return(
        [setting('tier_dormant_months'), setting('tier_at_risk_months'), setting('tier_to_delete_months')] | join('>')
        ~ (' with opens' if setting('opens_count_as_contact') else '')
    ) }}
{% endmacro %}


{% macro engagement_tiers() %}
    {{ return(['active', 'dormant', 'at_risk', 'to_delete']) }}
{% endmacro %}
