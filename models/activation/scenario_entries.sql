-- Who entered a scenario, why, and in which arm: written at the first gate that tells the arms apart, before caps and
-- arbitration, so that those who are treated and those who are held out can be compared. Kept like decisions.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        partition_by='entered_date',
        pre_hook="{{ make_room_in_memory() }}",
        meta={'kept': true},
    )
}}

with

gated_steps as (
    select * from {{ ref('gated_steps') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
)

select
    gated_steps.scenario_id,
    gated_steps.profile_id,
    gated_steps.entry_key,
    gated_steps.arm,
    '{{ holdout_period_text() }}' as holdout_period,
    {{ dbt.concat([
        'scenarios.holdout_salt', "'|" ~ setting('global_holdout_salt') ~ "'"
    ]) }} as holdout_salts,
    '{{ setting('global_holdout_salt') }}' as global_holdout_salt,
    gated_steps.trigger_reference,
    gated_steps.reason_code,
    gated_steps.reason_parameters,
    gated_steps.entry_offer_type as offer_type,
    gated_steps.entry_offer_id as offer_id,
    gated_steps.entry_offer_amount as offer_amount,
    gated_steps.expected_value_amount,
    cast(scenarios.holdout_share as decimal(6,4)) as holdout_share,
    cast(coalesce(scenarios.as_before_share, 0) as decimal(6,4)) as as_before_share,
    cast({{ setting('global_holdout_share') }} as decimal(6,4)) as global_holdout_share,
    gated_steps.triggered_date,
    gated_steps.as_of_date as entered_date,
    gated_steps.triggered_at
from gated_steps
inner join scenarios
    on gated_steps.scenario_id = scenarios.scenario_id
where
    gated_steps.is_new_entry
    and not {{ is_sealed() }}
