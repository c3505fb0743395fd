{{ config(materialized='view') }}
-- The triggers of all scenarios in setting `scenarios`, each from its own model.
with

triggers as (
    {% for scenario in setting('scenarios') -%}
        select
            scenario_id,
            profile_id,
            entry_key,
            trigger_reference,
            reason_code,
            reason_parameters,
            offer_type,
            offer_id,
            content,
            offer_amount,
            expected_value_amount,
            triggered_date,
            triggered_at
        from {{ ref('scn_' ~ scenario) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    scenario_id,
    profile_id,
    entry_key,
    trigger_reference,
    reason_code,
    reason_parameters,
    offer_type,
    offer_id,
    content,
    offer_amount,
    expected_value_amount,
    triggered_date,
    triggered_at
from triggers
