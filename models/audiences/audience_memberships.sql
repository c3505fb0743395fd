-- For reverse-ETL tools: who belongs to which audience, at which address, and the decision that says why.
with

members as (
    select * from {{ ref('audience_members') }}
),

decisions as (
    select * from {{ ref('decisions') }}
)

select
    members.scenario_id as audience_id,
    members.profile_id as person_id,
    members.decision_id,
    members.step,
    members.channel,
    members.email,
    members.phone,
    decisions.as_of_date as member_since_date,
    members.send_date,
    members.send_at
from members
inner join decisions
    on members.decision_id = decisions.decision_id
