-- For reverse-ETL tools: who belongs to which audience, and the decision that says why.
with

members as (
    select * from {{ ref('audience_members') }}
)

select
    scenario_id as audience_id,
    profile_id as person_id,
    decision_id,
    step,
    channel,
    send_date,
    send_at
from members
