-- Why somebody is in and why not: one row per due step, kept. The newest date is decided again as often as it is run,
-- until a committed export seals it; earlier dates are never touched.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        partition_by='as_of_date',
        pre_hook="{{ make_room_in_memory() }}",
        meta={'kept': true},
    )
}}

with

gated_steps as (
    select * from {{ ref('gated_steps') }}
)

select
    decision_id,
    scenario_id,
    profile_id,
    entry_key,
    step,
    purpose,
    outcome,
    closed_gate,
    evidence,
    arm,
    channel,
    variant,
    variant_share,
    template,
    offer_type,
    offer_id,
    offer_amount,
    channel_cost_amount,
    {% for gate in gates() -%}
        is_{{ gate }},
    {% endfor %}
    has_matching_offer,
    as_of_date,
    window_end_date,
    send_date,
    send_at
from gated_steps
where not {{ is_sealed() }}
