{{ config(materialized='view') }}

with

decisions as (
    select * from {{ source('memory', 'decisions') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
)

-- whoever became one person has one past
select
    decisions.decision_id,
    coalesce(profile_merges.new_profile_id, decisions.profile_id) as profile_id,
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
left join profile_merges
    on decisions.profile_id = profile_merges.old_profile_id
where decisions.as_of_date < {{ as_of_date() }}
