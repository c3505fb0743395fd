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


{% macro engagement_tiers() %}
    {{ return(['active', 'dormant', 'at_risk', 'to_delete']) }}
{% endmacro %}
