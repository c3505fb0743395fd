-- Whom the retailer's own systems and platforms are to delete: every contact record of whoever a hygiene scenario
-- lists, as long as the reason stands. Nobody is written to, so no permission is asked.
with

decisions as (
    select *
    from {{ ref('decisions') }}
    where outcome = 'selected'
),

scenarios as (
    select *
    from {{ ref('scenarios') }}
    where
        kind = 'hygiene'
        and is_enabled
),

triggers as (
    select * from {{ ref('scenario_triggers') }}
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
inner join scenarios
    on decisions.scenario_id = scenarios.scenario_id
inner join triggers
    on
        decisions.scenario_id = triggers.scenario_id
        and decisions.profile_id = triggers.profile_id
        and decisions.entry_key = triggers.entry_key
inner join contact_profiles
    on decisions.profile_id = contact_profiles.profile_id
left join profiles
    on decisions.profile_id = profiles.profile_id
