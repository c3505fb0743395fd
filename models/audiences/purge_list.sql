-- Whom the retailer's own systems and platforms are to delete: every contact record of whoever a hygiene scenario
-- lists, as long as the reason stands. Nobody is written to, so no permission is asked.
with

decisions as (
    select *
    from {{ ref('standing_decisions') }}
    where kind = 'hygiene'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
)

select
    decisions.decision_id,
    decisions.scenario_id,
    decisions.profile_id,
    contact_profiles.source_system,
    contact_profiles.contact_id,
    decisions.as_of_date as listed_date,
    profiles.purge_due_date
from decisions
inner join contact_profiles
    on decisions.profile_id = contact_profiles.profile_id
left join profiles
    on decisions.profile_id = profiles.profile_id
