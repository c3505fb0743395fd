{{ config(materialized='view') }}

with

scenario_entries as (
    select * from {{ source('memory', 'scenario_entries') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
),

profile_splits as (
    select * from {{ ref('profile_splits') }}
),

-- whose past it is today: of whoever carries on the id
carried_on as (
    select distinct
        scenario_entries.profile_id as remembered_id,
        coalesce(profile_merges.new_profile_id, scenario_entries.profile_id) as profile_id
    from scenario_entries
    left join profile_merges
        on scenario_entries.profile_id = profile_merges.old_profile_id
),

-- and, until then, of whoever was one person with them before a split
heirs as (
    select
        remembered_id,
        profile_id,
        cast(null as date) as until_date
    from carried_on
    union all
    select
        carried_on.remembered_id,
        profile_splits.profile_id,
        profile_splits.split_as_of_date as until_date
    from carried_on
    inner join profile_splits
        on carried_on.profile_id = profile_splits.sibling_profile_id
),

survivors as (
    select
        scenario_entries.*,
        heirs.profile_id as survivor_id
    from scenario_entries
    inner join heirs
        on
            scenario_entries.profile_id = heirs.remembered_id
            and (heirs.until_date is null or scenario_entries.entered_date < heirs.until_date)
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
