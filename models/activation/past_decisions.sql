{{ config(materialized='view') }}

with

decisions as (
    select * from {{ source('memory', 'decisions') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
)

-- whoever became one person has one past
select
    decisions.decision_id,
    profile_heirs.profile_id,
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
inner join profile_heirs
    on
        decisions.profile_id = profile_heirs.remembered_id
        and (profile_heirs.until_date is null or decisions.as_of_date < profile_heirs.until_date)
where decisions.as_of_date < {{ as_of_date() }}
