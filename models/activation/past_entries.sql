{{ config(materialized='view') }}

with

scenario_entries as (
    select * from {{ source('memory', 'scenario_entries') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

survivors as (
    select
        scenario_entries.*,
        profile_heirs.profile_id as survivor_id
    from scenario_entries
    inner join profile_heirs
        on
            scenario_entries.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or scenario_entries.entered_date < profile_heirs.until_date)
    where scenario_entries.entered_date < {{ as_of_date() }}
),

-- two people who turned out to be one may both have entered for the same reason: the earlier entry stands, of one day
-- that of the id which sorts first
ranked as (
    select
        *,
        row_number() over (
            partition by survivor_id, scenario_id, entry_key
            order by entered_date asc nulls last, profile_id asc nulls last
        ) as place
    from survivors
)

select
    survivor_id as profile_id,
    profile_id as entered_as,
    scenario_id,
    entry_key,
    arm,
    holdout_period,
    trigger_reference,
    reason_code,
    reason_parameters,
    offer_type,
    offer_id,
    offer_amount,
    expected_value_amount,
    triggered_date,
    entered_date,
    triggered_at
from ranked
where place = 1
