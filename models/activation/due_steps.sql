-- The steps that are due on the as-of date: the first of a journey, or the one that follows a message of ours.
with

scenarios as (
    select * from {{ ref('dim_scenarios') }}
),

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
),

journeys as (
    select * from {{ ref('journeys') }}
),

past_entries as (
    select * from {{ ref('past_entries') }}
),

entry_cooldowns as (
    select * from {{ ref('entry_cooldowns') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

step_conditions as (
    select * from {{ ref('step_conditions') }}
),

kept_offers as (
    select * from {{ ref('kept_offers') }}
),

offer_choices as (
    select * from {{ ref('offer_choices') }}
),

matching_offers as (
    select * from {{ ref('matching_offers') }}
),

first_steps as (
    select
        journeys.scenario_id,
        journeys.profile_id,
        journeys.entry_key,
        scenario_steps.step,
        true as is_first_step,
        cast(null as string) as previous_decision_id,
        cast(null as string) as previous_offer_id,
        greatest(
            {{ add_days('journeys.triggered_date', 'scenario_steps.wait_days') }},
            coalesce(entry_cooldowns.until_date, journeys.triggered_date)
        ) as due_date,
        {{ add_days('journeys.triggered_date', 'scenarios.entry_window_days') }} as window_end_date
    from journeys
    inner join scenarios
        on journeys.scenario_id = scenarios.scenario_id
    inner join scenario_steps
        on
            journeys.scenario_id = scenario_steps.scenario_id
            and scenario_steps.after_steps is null
    left join entry_cooldowns
        on
            journeys.scenario_id = entry_cooldowns.scenario_id
            and {{ key_if('not journeys.is_entered', 'journeys.profile_id') }} = entry_cooldowns.profile_id
    -- a scenario that is not repeated asks, before an entry, whether the person ever entered it for another reason; two
    -- entries of people who turned out to be one both stand
    left join past_entries
        on
            journeys.scenario_id = past_entries.scenario_id
            and {{ key_if("scenarios.recurrence = 'once' and not journeys.is_entered", 'journeys.profile_id') }}
            = past_entries.profile_id
            and journeys.entry_key <> past_entries.entry_key
    where past_entries.entry_key is null
),

follow_ups as (
    select
        journeys.scenario_id,
        journeys.profile_id,
        journeys.entry_key,
        step_conditions.next_step as step,
        false as is_first_step,
        step_conditions.decision_id as previous_decision_id,
        step_conditions.offer_id as previous_offer_id,
        step_conditions.due_date,
        step_conditions.window_end_date,
        row_number() over (
            partition by
                journeys.scenario_id, journeys.profile_id, journeys.entry_key, step_conditions.next_step
            order by
                step_conditions.as_of_date desc nulls last,
                step_conditions.step asc nulls last,
                step_conditions.decision_id asc nulls last
        ) as newness
    from journeys
    inner join step_conditions
        on
            journeys.scenario_id = step_conditions.scenario_id
            and journeys.profile_id = step_conditions.profile_id
            and journeys.entry_key = step_conditions.entry_key
    where
        step_conditions.is_met
        and {{ as_of_date() }} between step_conditions.due_date and step_conditions.window_end_date
),

steps as (
    select
        scenario_id,
        profile_id,
        entry_key,
        step,
        is_first_step,
        previous_decision_id,
        previous_offer_id,
        due_date,
        window_end_date
    from first_steps
    where {{ as_of_date() }} between due_date and window_end_date
    union all
    select
        scenario_id,
        profile_id,
        entry_key,
        step,
        is_first_step,
        previous_decision_id,
        previous_offer_id,
        due_date,
        window_end_date
    from follow_ups
    where newness = 1
),

-- what was decided is not decided again; what was deferred comes back
decided_steps as (
    select distinct
        scenario_id,
        profile_id,
        entry_key,
        step
    from past_decisions
    where outcome <> 'deferred'
),

undecided_steps as (
    select steps.*
    from steps
    left join decided_steps
        on
            steps.scenario_id = decided_steps.scenario_id
            and steps.profile_id = decided_steps.profile_id
            and steps.entry_key = decided_steps.entry_key
            and steps.step = decided_steps.step
    where decided_steps.step is null
),

due_steps as (
    select
        undecided_steps.*,
        journeys.arm,
        journeys.stopped_by,
        journeys.trigger_reference,
        journeys.reason_code,
        journeys.reason_parameters,
        journeys.offer_type as entry_offer_type,
        journeys.offer_id as entry_offer_id,
        journeys.offer_amount as entry_offer_amount,
        journeys.expected_value_amount,
        journeys.is_entered,
        journeys.is_running,
        journeys.triggered_date,
        journeys.triggered_at,
        scenario_steps.offer_rule,
        scenario_steps.template,
        scenario_steps.variant_salt,
        scenarios.kind,
        scenarios.objective,
        scenarios.channels,
        scenarios.purpose,
        scenarios.missing_data,
        scenarios.priority
    from undecided_steps
    inner join journeys
        on
            undecided_steps.scenario_id = journeys.scenario_id
            and undecided_steps.profile_id = journeys.profile_id
            and undecided_steps.entry_key = journeys.entry_key
    inner join scenario_steps
        on
            undecided_steps.scenario_id = scenario_steps.scenario_id
            and undecided_steps.step = scenario_steps.step
    inner join scenarios
        on undecided_steps.scenario_id = scenarios.scenario_id
),

step_offers as (
    select
        due_steps.scenario_id,
        due_steps.profile_id,
        due_steps.entry_key,
        due_steps.step,
        due_steps.kind,
        due_steps.objective,
        due_steps.channels,
        due_steps.purpose,
        due_steps.missing_data,
        due_steps.arm,
        due_steps.stopped_by,
        due_steps.trigger_reference,
        due_steps.reason_code,
        due_steps.reason_parameters,
        due_steps.entry_offer_type,
        due_steps.entry_offer_id,
        case
            when due_steps.offer_rule <> 'keep' then offer_choices.offer_type
            else kept_offers.offer_type
        end as offer_type,
        case
            when matching_offers.offer_id is not null then matching_offers.offer_id
            when due_steps.offer_rule <> 'keep' then offer_choices.offer_id
            else kept_offers.offer_id
        end as offer_id,
        due_steps.template,
        due_steps.variant_salt,
        due_steps.previous_decision_id,
        due_steps.priority,
        due_steps.entry_offer_amount,
        case
            when matching_offers.offer_id is not null then matching_offers.offer_amount
            when due_steps.offer_rule <> 'keep' then offer_choices.offer_amount
            else kept_offers.offer_amount
        end as offer_amount,
        due_steps.expected_value_amount,
        due_steps.is_first_step,
        due_steps.is_entered,
        due_steps.is_running,
        due_steps.triggered_date,
        due_steps.due_date,
        due_steps.window_end_date,
        due_steps.triggered_at
    from due_steps
    left join offer_choices
        on
            due_steps.offer_rule = offer_choices.offer_rule
            and (due_steps.entry_offer_type = offer_choices.offer_type or due_steps.offer_rule like 'id:%')
    left join matching_offers
        on
            {{ key_if("due_steps.offer_rule = 'best_match'", 'due_steps.profile_id') }} = matching_offers.profile_id
            and due_steps.entry_offer_type = matching_offers.offer_type
    -- a reminder keeps what the message before it offered, a first message what its entry was promised
    left join kept_offers
        on
            {{ key_if(
                "due_steps.offer_rule = 'keep'",
                'case when due_steps.is_first_step then due_steps.entry_offer_id else due_steps.previous_offer_id end'
            ) }} = kept_offers.promised_offer_id
)

-- by whatever rule it was chosen: does the offer match?
select
    step_offers.*,
    case
        when step_offers.offer_id is not null then matching_offers.offer_id is not null
    end as has_matching_offer
from step_offers
left join matching_offers
    on
        step_offers.profile_id = matching_offers.profile_id
        and step_offers.offer_id = matching_offers.offer_id
