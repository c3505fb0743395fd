{{ config(materialized='view') }}

with

decisions as (
    select * from {{ source('memory', 'decisions') }}
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
        decisions.profile_id as remembered_id,
        coalesce(profile_merges.new_profile_id, decisions.profile_id) as profile_id
    from decisions
    left join profile_merges
        on decisions.profile_id = profile_merges.old_profile_id
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
)

-- whoever became one person has one past
select
    decisions.decision_id,
    heirs.profile_id,
    decisions.scenario_id,
    decisions.entry_key,
    decisions.step,
    decisions.outcome,
    decisions.channel,
    decisions.offer_id,
    decisions.as_of_date,
    decisions.send_date,
    decisions.send_at
from decisions
inner join heirs
    on
        decisions.profile_id = heirs.remembered_id
        and (heirs.until_date is null or decisions.as_of_date < heirs.until_date)
where decisions.as_of_date < {{ as_of_date() }}
