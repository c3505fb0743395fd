{{ config(materialized='view') }}
-- What was selected and leaves the house as of the date. A message leaves once, on its date. Who is on a list stays on
-- it as long as her journey stands: its trigger is emitted, its scenario is live, no stop data came, and her arm is the
-- treated one. A scenario that is switched off disappears the same day, sealed or not.
with

decisions as (
    select *
    from {{ ref('decisions') }}
    where outcome = 'selected'
),

scenarios as (
    select *
    from {{ ref('scenarios') }}
    where is_enabled
),

triggers as (
    select * from {{ ref('scenario_triggers') }}
),

journeys as (
    select * from {{ ref('journeys') }}
),

-- of a split a list keeps whoever carries on the id
profile_heirs as (
    select *
    from {{ ref('profile_heirs') }}
    where until_date is null
),

-- of two people who became one the earlier decision stands, of one day that of the id which sorts first
inherited as (
    select
        decisions.decision_id,
        decisions.scenario_id,
        profile_heirs.profile_id,
        decisions.entry_key,
        decisions.step,
        decisions.variant,
        decisions.template,
        decisions.purpose,
        decisions.channel,
        decisions.offer_type,
        decisions.offer_id,
        decisions.offer_amount,
        scenarios.kind,
        scenarios.objective,
        decisions.as_of_date,
        decisions.send_date,
        decisions.send_at,
        row_number() over (
            partition by decisions.scenario_id, profile_heirs.profile_id, decisions.entry_key, decisions.step
            order by decisions.as_of_date asc nulls last, decisions.profile_id asc nulls last
        ) as place
    from decisions
    inner join scenarios
        on decisions.scenario_id = scenarios.scenario_id
    inner join profile_heirs
        on decisions.profile_id = profile_heirs.remembered_id
    where
        decisions.as_of_date = {{ as_of_date() }}
        or (
            scenarios.kind <> 'message'
            and decisions.as_of_date < {{ as_of_date() }}
            and {{ is_open_trigger('decisions.as_of_date', 'scenarios') }}
        )
),

-- a limit of messages ends no list: being on it is one
standing_journeys as (
    select
        scenario_id,
        profile_id,
        entry_key
    from journeys
    where
        coalesce(stopped_by, 'message_limit') = 'message_limit'
        and coalesce(arm, 'treated') = 'treated'
)

-- Nothing leaves without content: when late data take a trigger back on a date that is sealed, there is nothing to say
-- any more.
select
    inherited.decision_id,
    inherited.scenario_id,
    inherited.profile_id,
    inherited.entry_key,
    inherited.step,
    inherited.variant,
    inherited.template,
    inherited.purpose,
    inherited.channel,
    inherited.offer_type,
    inherited.offer_id,
    inherited.kind,
    inherited.objective,
    triggers.personalisation,
    inherited.offer_amount,
    inherited.as_of_date,
    inherited.send_date,
    inherited.send_at
from inherited
inner join triggers
    on
        inherited.scenario_id = triggers.scenario_id
        and inherited.profile_id = triggers.profile_id
        and inherited.entry_key = triggers.entry_key
left join standing_journeys
    on
        inherited.scenario_id = standing_journeys.scenario_id
        and inherited.profile_id = standing_journeys.profile_id
        and inherited.entry_key = standing_journeys.entry_key
where
    inherited.place = 1
    and (inherited.kind = 'message' or standing_journeys.entry_key is not null)
