-- Every journey that can still send: what triggers it today or what it was entered for, its arm, and whether its stop
-- data say that it is over.
with

scenarios as (
    select * from {{ ref('scenarios') }}
),

triggers as (
    select * from {{ ref('scenario_triggers') }}
),

past_entries as (
    select * from {{ ref('past_entries') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

sent_steps as (
    select * from {{ ref('sent_steps') }}
),

step_conditions as (
    select * from {{ ref('step_conditions') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

-- a cancelled order never was, and neither was the use of an offer on it
redemptions as (
    select *
    from {{ ref('fct_offer_redemptions') }}
    where not was_cancelled
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

live_scenarios as (
    select *
    from scenarios
    where
        is_enabled
        and (starts_date is null or starts_date <= {{ as_of_date() }})
        and (ends_date is null or ends_date >= {{ as_of_date() }})
),

-- An entry keeps the reason and the offer it was entered with. It needs its trigger: what its scenario does not emit
-- any more, while the journey could still send, has turned out not to be so.
open_journeys as (
    select
        coalesce(past_entries.scenario_id, triggers.scenario_id) as scenario_id,
        coalesce(past_entries.profile_id, triggers.profile_id) as profile_id,
        coalesce(past_entries.entry_key, triggers.entry_key) as entry_key,
        past_entries.arm,
        past_entries.entered_date is not null as is_entered,
        triggers.entry_key is null as is_contradicted,
        coalesce(past_entries.trigger_reference, triggers.trigger_reference) as trigger_reference,
        coalesce(past_entries.reason_code, triggers.reason_code) as reason_code,
        coalesce(past_entries.reason_parameters, triggers.reason_parameters) as reason_parameters,
        case when past_entries.entered_date is null then triggers.offer_type else past_entries.offer_type end
            as offer_type,
        case when past_entries.entered_date is null then triggers.offer_id else past_entries.offer_id end as offer_id,
        case when past_entries.entered_date is null then triggers.offer_amount else past_entries.offer_amount end
            as offer_amount,
        case
            when past_entries.entered_date is null then triggers.expected_value_amount
            else past_entries.expected_value_amount
        end as expected_value_amount,
        coalesce(past_entries.triggered_date, triggers.triggered_date) as triggered_date,
        past_entries.entered_date,
        coalesce(past_entries.triggered_at, triggers.triggered_at) as triggered_at
    from triggers
    full outer join past_entries
        on
            triggers.scenario_id = past_entries.scenario_id
            and triggers.profile_id = past_entries.profile_id
            and triggers.entry_key = past_entries.entry_key
),

journeys as (
    select
        open_journeys.*,
        live_scenarios.stops_on,
        live_scenarios.message_limit
    from open_journeys
    inner join live_scenarios
        on open_journeys.scenario_id = live_scenarios.scenario_id
    where
        {{ is_open_trigger('open_journeys.triggered_date', 'live_scenarios') }}
        and {{ planned_once() }}
),

profile_signals as (
    select
        profile_id,
        'order' as stop_kind,
        ordered_at as occurred_at
    from orders
    where order_status = 'completed'
    union all
    -- who was asked to order ahead has not done so by shopping as ever
    select
        profile_id,
        'drive_order' as stop_kind,
        ordered_at as occurred_at
    from orders
    where
        order_status = 'completed'
        and sales_channel = 'drive'
    union all
    select
        profile_id,
        'redemption' as stop_kind,
        redeemed_at as occurred_at
    from redemptions
    union all
    select
        profile_id,
        interaction_kind as stop_kind,
        occurred_at
    from interactions
    where interaction_kind not in ('order', 'click', 'open')
),

-- a click stops the journey whose message was clicked, and so does an answer to it; anything else stops every journey
-- that waits for it
stop_signals as (
    select
        journeys.scenario_id,
        journeys.profile_id,
        journeys.entry_key,
        profile_signals.stop_kind,
        profile_signals.occurred_at
    from journeys
    inner join profile_signals
        on
            journeys.profile_id = profile_signals.profile_id
            and profile_signals.occurred_at > journeys.triggered_at
    where
        {{ happened_by('profile_signals.occurred_at') }}
        and {{ list_holds('journeys.stops_on', 'profile_signals.stop_kind') }}
    union all
    select
        journeys.scenario_id,
        journeys.profile_id,
        journeys.entry_key,
        'click' as stop_kind,
        sent_steps.last_clicked_at as occurred_at
    from journeys
    inner join sent_steps
        on
            journeys.scenario_id = sent_steps.scenario_id
            and journeys.profile_id = sent_steps.profile_id
            and journeys.entry_key = sent_steps.entry_key
    where
        sent_steps.last_clicked_at > journeys.triggered_at
        and {{ list_holds('journeys.stops_on', "'click'") }}
    union all
    select
        journeys.scenario_id,
        journeys.profile_id,
        journeys.entry_key,
        'answer' as stop_kind,
        sent_steps.last_answered_at as occurred_at
    from journeys
    inner join sent_steps
        on
            journeys.scenario_id = sent_steps.scenario_id
            and journeys.profile_id = sent_steps.profile_id
            and journeys.entry_key = sent_steps.entry_key
    where
        sent_steps.last_answered_at > journeys.triggered_at
        and {{ list_holds('journeys.stops_on', "'click'") }}
),

stops as (
    select
        scenario_id,
        profile_id,
        entry_key,
        min(occurred_at) as stopped_at
    from stop_signals
    group by
        scenario_id,
        profile_id,
        entry_key
),

first_stops as (
    select
        stop_signals.scenario_id,
        stop_signals.profile_id,
        stop_signals.entry_key,
        min(stop_signals.stop_kind) as stop_kind
    from stop_signals
    inner join stops
        on
            stop_signals.scenario_id = stops.scenario_id
            and stop_signals.profile_id = stops.profile_id
            and stop_signals.entry_key = stops.entry_key
            and stop_signals.occurred_at = stops.stopped_at
    group by
        stop_signals.scenario_id,
        stop_signals.profile_id,
        stop_signals.entry_key
),

message_counts as (
    select
        scenario_id,
        profile_id,
        entry_key,
        cast(count(*) as integer) as message_count
    from sent_steps
    group by
        scenario_id,
        profile_id,
        entry_key
),

-- a step is decided once it had any outcome but deferred
decided_steps as (
    select distinct
        scenario_id,
        profile_id,
        entry_key,
        step
    from past_decisions
    where outcome <> 'deferred'
),

-- what may still follow a message: not decided, in time, and its condition not yet out of reach
possible_steps as (
    select distinct
        step_conditions.scenario_id,
        step_conditions.profile_id,
        step_conditions.entry_key
    from step_conditions
    left join decided_steps
        on
            step_conditions.scenario_id = decided_steps.scenario_id
            and step_conditions.profile_id = decided_steps.profile_id
            and step_conditions.entry_key = decided_steps.entry_key
            and step_conditions.next_step = decided_steps.step
    where
        decided_steps.step is null
        and not step_conditions.is_out_of_reach
        and step_conditions.window_end_date >= {{ as_of_date() }}
),

stopped_journeys as (
    select
        journeys.*,
        case
            when stops.stopped_at is not null then first_stops.stop_kind
            when message_counts.message_count >= journeys.message_limit then 'message_limit'
            when journeys.is_contradicted then 'trigger_contradicted'
        end as stopped_by,
        stops.stopped_at
    from journeys
    left join stops
        on
            journeys.scenario_id = stops.scenario_id
            and journeys.profile_id = stops.profile_id
            and journeys.entry_key = stops.entry_key
    left join first_stops
        on
            journeys.scenario_id = first_stops.scenario_id
            and journeys.profile_id = first_stops.profile_id
            and journeys.entry_key = first_stops.entry_key
    left join message_counts
        on
            journeys.scenario_id = message_counts.scenario_id
            and journeys.profile_id = message_counts.profile_id
            and journeys.entry_key = message_counts.entry_key
)

select
    stopped_journeys.scenario_id,
    stopped_journeys.profile_id,
    stopped_journeys.entry_key,
    stopped_journeys.arm,
    stopped_journeys.trigger_reference,
    stopped_journeys.reason_code,
    stopped_journeys.reason_parameters,
    stopped_journeys.offer_type,
    stopped_journeys.offer_id,
    stopped_journeys.stopped_by,
    stopped_journeys.offer_amount,
    stopped_journeys.expected_value_amount,
    stopped_journeys.is_entered,
    coalesce(stopped_journeys.arm = 'treated', false)
    and stopped_journeys.stopped_by is null
    and possible_steps.entry_key is not null as is_running,
    stopped_journeys.triggered_date,
    stopped_journeys.entered_date,
    stopped_journeys.triggered_at,
    stopped_journeys.stopped_at
from stopped_journeys
left join possible_steps
    on
        stopped_journeys.scenario_id = possible_steps.scenario_id
        and stopped_journeys.profile_id = possible_steps.profile_id
        and stopped_journeys.entry_key = possible_steps.entry_key
