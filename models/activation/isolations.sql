-- Whom a reactivation has failed to wake: her journey is over, no message of it was answered, and no sign of life has
-- come since. She is left alone for `isolation_months` after the last message, on every channel but ads.
with

scenarios as (
    select *
    from {{ ref('scenarios') }}
    where
        kind = 'message'
        and objective = 'reactivate'
),

past_entries as (
    select * from {{ ref('past_entries') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
),

journeys as (
    select * from {{ ref('journeys') }}
),

step_conditions as (
    select * from {{ ref('step_conditions') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

last_opens as (
    select * from {{ ref('last_opens') }}
),

-- a scenario that was switched off has no journeys, and its messages are waited for all the same
waiting_steps as (
    select distinct
        scenario_id,
        profile_id,
        entry_key
    from step_conditions
    where
        not is_out_of_reach
        and window_end_date >= {{ as_of_date() }}
),

-- what nobody may know of her is no "no": one click at least could have been seen
finished_journeys as (
    select
        past_entries.profile_id,
        past_entries.entered_date,
        max(past_decisions.as_of_date) as last_message_date
    from past_entries
    inner join scenarios
        on past_entries.scenario_id = scenarios.scenario_id
    inner join past_decisions
        on
            past_entries.scenario_id = past_decisions.scenario_id
            and past_entries.profile_id = past_decisions.profile_id
            and past_entries.entry_key = past_decisions.entry_key
            and past_decisions.outcome = 'selected'
    left join decision_reports
        on past_decisions.decision_id = decision_reports.decision_id
    left join journeys
        on
            past_entries.scenario_id = journeys.scenario_id
            and past_entries.profile_id = journeys.profile_id
            and past_entries.entry_key = journeys.entry_key
    left join waiting_steps
        on
            past_entries.scenario_id = waiting_steps.scenario_id
            and past_entries.profile_id = waiting_steps.profile_id
            and past_entries.entry_key = waiting_steps.entry_key
    where
        not coalesce(journeys.is_running, waiting_steps.entry_key is not null)
        and not coalesce(decision_reports.is_not_sent, false)
    group by
        past_entries.scenario_id,
        past_entries.profile_id,
        past_entries.entry_key,
        past_entries.entered_date
    having max(case when decision_reports.is_click_observed then 1 else 0 end) = 1
)

select
    finished_journeys.profile_id,
    max(finished_journeys.last_message_date) as isolated_from_date,
    {{ add_months('max(finished_journeys.last_message_date)', setting('isolation_months')) }} as isolated_until_date
from finished_journeys
left join profiles
    on finished_journeys.profile_id = profiles.profile_id
-- whoever reads is not silent, also where her opens may not steer a journey
left join last_opens
    on finished_journeys.profile_id = last_opens.profile_id
where
    coalesce({{ local_date('profiles.last_contact_from_person_at') }} <= finished_journeys.entered_date, true)
    and coalesce(last_opens.last_open_date <= finished_journeys.entered_date, true)
    and {{ add_months('finished_journeys.last_message_date', setting('isolation_months')) }} > {{ as_of_date() }}
group by finished_journeys.profile_id
