-- Every gate for every due step, in order; the first that closes decides.
{%- set channel_gates = {
    'reachable': 'is_reachable',
    'consented': 'is_consented',
    'not_suppressed': 'is_not_suppressed',
} %}

with

due_steps as (
    select * from {{ ref('due_steps') }}
),

due_step_channels as (
    select * from {{ ref('due_step_channels') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

step_variants as (
    select * from {{ ref('scenario_step_variants') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

journeys as (
    select * from {{ ref('journeys') }}
),

past_entries as (
    select * from {{ ref('past_entries') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

gates_per_kind as (
    select
        kind,
        {% for gate in gates() -%}
            max(case when gate = '{{ gate }}' and is_applied then 1 else 0 end) = 1 as asks_{{ gate }},
        {% endfor %}
        cast(count(*) as integer) as gate_count
    from gate_applicability
    group by kind
),

-- a channel stays in the race as long as it passes every gate that the kind of scenario asks for
racing_channels as (
    select
        due_step_channels.*,
        due_step_channels.is_reachable or not gates_per_kind.asks_reachable as passed_reachable,
        (due_step_channels.is_reachable or not gates_per_kind.asks_reachable)
        and (due_step_channels.is_consented or not gates_per_kind.asks_consented) as passed_consented,
        (due_step_channels.is_reachable or not gates_per_kind.asks_reachable)
        and (due_step_channels.is_consented or not gates_per_kind.asks_consented)
        and (due_step_channels.is_not_suppressed or not gates_per_kind.asks_not_suppressed) as passed_not_suppressed,
        (due_step_channels.is_reachable or not gates_per_kind.asks_reachable)
        and (due_step_channels.is_consented or not gates_per_kind.asks_consented)
        and (due_step_channels.is_not_suppressed or not gates_per_kind.asks_not_suppressed)
        and (due_step_channels.is_under_cap or not gates_per_kind.asks_under_pressure_cap) as passed_under_cap
    from due_step_channels
    inner join scenarios
        on due_step_channels.scenario_id = scenarios.scenario_id
    inner join gates_per_kind
        on scenarios.kind = gates_per_kind.kind
    where due_step_channels.is_worth_its_cost
),

-- an address there is, and the message is not worth what its channel costs
too_costly as (
    select distinct
        scenario_id,
        profile_id,
        entry_key,
        step
    from due_step_channels
    where
        is_reachable
        and not is_worth_its_cost
),

channel_counts as (
    select
        scenario_id,
        profile_id,
        entry_key,
        step,
        max(case when passed_reachable then 1 else 0 end) = 1 as is_reachable,
        max(case when passed_consented then 1 else 0 end) = 1 as is_consented,
        max(case when passed_not_suppressed then 1 else 0 end) = 1 as is_not_suppressed,
        max(case when passed_under_cap then 1 else 0 end) = 1 as is_under_cap,
        min(case when passed_consented and not passed_not_suppressed then suppressed_by end) as suppressed_by
    from racing_channels
    group by
        scenario_id,
        profile_id,
        entry_key,
        step
),

-- what the business says, then what the person says, then what she answers to, then the order of the scenario
ranked_channels as (
    select
        scenario_id,
        profile_id,
        entry_key,
        step,
        channel,
        channel_cost_amount,
        send_date,
        send_at,
        row_number() over (
            partition by scenario_id, profile_id, entry_key, step
            order by
                precedence asc nulls last,
                case when is_preferred then 0 else 1 end asc nulls last,
                case when is_responsive then 0 else 1 end asc nulls last,
                place_in_scenario asc nulls last
        ) as place
    from racing_channels
    where passed_under_cap
),

asked as (
    select
        due_steps.*,
        {% for gate in gates() -%}
            gates_per_kind.asks_{{ gate }},
        {% endfor %}
        scenarios.cooldown_days,
        scenarios.recurrence,
        scenarios.max_entries_per_day,
        scenarios.max_running,
        scenarios.holdout_share,
        scenarios.as_before_share,
        scenarios.holdout_salt,
        coalesce(profiles.has_erasure_request, false) as is_erased,
        {% for gate, column in channel_gates.items() -%}
            -- no channel at all is no way to reach anybody; where nobody is reached none is needed
            coalesce(channel_counts.{{ column }}, not gates_per_kind.asks_{{ gate }}) as {{ column }},
        {% endfor %}
        coalesce(channel_counts.is_under_cap, not gates_per_kind.asks_under_pressure_cap) as is_under_cap,
        too_costly.step is not null as is_too_costly,
        channel_counts.suppressed_by
    from due_steps
    inner join scenarios
        on due_steps.scenario_id = scenarios.scenario_id
    inner join gates_per_kind
        on due_steps.kind = gates_per_kind.kind
    left join profiles
        on due_steps.profile_id = profiles.profile_id
    left join channel_counts
        on
            due_steps.scenario_id = channel_counts.scenario_id
            and due_steps.profile_id = channel_counts.profile_id
            and due_steps.entry_key = channel_counts.entry_key
            and due_steps.step = channel_counts.step
    left join too_costly
        on
            due_steps.scenario_id = too_costly.scenario_id
            and due_steps.profile_id = too_costly.profile_id
            and due_steps.entry_key = too_costly.entry_key
            and due_steps.step = too_costly.step
),

-- gates 1 to 5
at_the_door as (
    select
        *,
        not is_erased or not asks_not_erased as passes_not_erased,
        stopped_by is null or not asks_not_stopped as passes_not_stopped,
        is_reachable as passes_reachable,
        is_consented as passes_consented,
        is_not_suppressed as passes_not_suppressed,
        (not is_erased or not asks_not_erased)
        and (stopped_by is null or not asks_not_stopped)
        and is_reachable
        and is_consented
        and is_not_suppressed as is_at_the_door
    from asked
    where {{ planned_once() }}
),

-- gate 6: entries count, in either arm; counting messages would spare those who are held out
cooling as (
    select
        at_the_door.scenario_id,
        at_the_door.profile_id,
        at_the_door.entry_key,
        at_the_door.step,
        max(past_entries.entered_date) as cooling_since_date
    from at_the_door
    inner join past_entries
        on
            at_the_door.scenario_id = past_entries.scenario_id
            and at_the_door.profile_id = past_entries.profile_id
            and at_the_door.entry_key <> past_entries.entry_key
            and past_entries.entered_date > {{ add_days(as_of_date(), '-at_the_door.cooldown_days') }}
    where
        at_the_door.is_first_step
        and not at_the_door.is_entered
    group by
        at_the_door.scenario_id,
        at_the_door.profile_id,
        at_the_door.entry_key,
        at_the_door.step
),

-- of triggers that would rest upon one another the newest enters; where nothing rests, each has its own turn
newest_triggers as (
    select
        scenario_id,
        profile_id,
        entry_key,
        row_number() over (
            partition by scenario_id, profile_id
            order by triggered_date desc nulls last, triggered_at desc nulls last, entry_key asc nulls last
        ) as newness
    from at_the_door
    where
        is_first_step
        and not is_entered
        and is_at_the_door
        and (cooldown_days > 0 or recurrence = 'once')
),

cooled as (
    select
        at_the_door.*,
        cooling.cooling_since_date,
        coalesce(newest_triggers.newness, 1) as newness,
        not at_the_door.is_first_step
        or at_the_door.is_entered
        or not at_the_door.asks_not_cooling_down
        or (cooling.cooling_since_date is null and coalesce(newest_triggers.newness, 1) = 1)
            as passes_not_cooling_down
    from at_the_door
    left join cooling
        on
            at_the_door.scenario_id = cooling.scenario_id
            and at_the_door.profile_id = cooling.profile_id
            and at_the_door.entry_key = cooling.entry_key
            and at_the_door.step = cooling.step
    left join newest_triggers
        on
            at_the_door.scenario_id = newest_triggers.scenario_id
            and at_the_door.profile_id = newest_triggers.profile_id
            and {{ key_if('at_the_door.is_first_step', 'at_the_door.entry_key') }} = newest_triggers.entry_key
),

-- gate 7: a scenario that lacks its data does nothing, not even go on; any other takes in as many as it may, before
-- they are drawn into arms. A journey is under way from its entry
-- until its first message is decided, and while another may follow.
under_way as (
    select
        scenario_id,
        profile_id,
        entry_key
    from journeys
    where is_running
    union distinct
    select
        scenario_id,
        profile_id,
        entry_key
    from at_the_door
    where
        is_first_step
        and is_entered
        and arm = 'treated'
        and stopped_by is null
),

counted_under_way as (
    select
        scenario_id,
        cast(count(*) as integer) as journeys_under_way
    from under_way
    group by scenario_id
),

-- whoever was triggered first comes first, because her window ends first; then whoever is worth most
queue as (
    select
        scenario_id,
        profile_id,
        entry_key,
        row_number() over (
            partition by scenario_id
            order by
                triggered_date asc nulls last,
                expected_value_amount desc nulls last,
                profile_id asc nulls last,
                entry_key asc nulls last
        ) as place_in_queue
    from cooled
    where
        is_first_step
        and not is_entered
        and is_at_the_door
        and passes_not_cooling_down
),

queued as (
    select
        cooled.*,
        case
            when cooled.missing_data is not null then 'not_ready'
            when
                queue.place_in_queue > cooled.max_running - coalesce(counted_under_way.journeys_under_way, 0)
                then 'max_running'
            when queue.place_in_queue > cooled.max_entries_per_day then 'max_entries_per_day'
        end as kept_waiting_by
    from cooled
    left join counted_under_way
        on cooled.scenario_id = counted_under_way.scenario_id
    left join queue
        on
            cooled.scenario_id = queue.scenario_id
            and cooled.profile_id = queue.profile_id
            and {{ key_if('cooled.is_first_step', 'cooled.entry_key') }} = queue.entry_key
),

admitted as (
    select
        *,
        kept_waiting_by is null or not asks_admitted as passes_admitted
    from queued
),

-- gate 8: a draw without dice, and an arm once drawn stays for the half-year. Of two people who became one the earlier
-- entry's stays, of one day that of the id which sorts first. Kinds that are not drawn from say nothing.
period_entries as (
    select
        past_entries.profile_id,
        past_entries.scenario_id,
        past_entries.arm,
        row_number() over (
            partition by past_entries.profile_id
            order by
                past_entries.entered_date asc nulls last,
                past_entries.entered_as asc nulls last,
                past_entries.scenario_id asc nulls last,
                past_entries.entry_key asc nulls last
        ) as place_of_all,
        row_number() over (
            partition by past_entries.profile_id, past_entries.scenario_id
            order by
                past_entries.entered_date asc nulls last,
                past_entries.entered_as asc nulls last,
                past_entries.entry_key asc nulls last
        ) as place_in_scenario
    from past_entries
    left join scenarios
        on past_entries.scenario_id = scenarios.scenario_id
    left join gates_per_kind
        on scenarios.kind = gates_per_kind.kind
    where
        past_entries.holdout_period = '{{ holdout_period_text() }}'
        and coalesce(gates_per_kind.asks_not_held_out, true)
),

drawn as (
    select
        admitted.*,
        {{ hash_bucket(dbt.concat([
            "'" ~ setting('global_holdout_salt') ~ '|' ~ holdout_period_text() ~ "|'", 'admitted.profile_id'
        ])) }} < {{ setting('global_holdout_share') }} * 10000 as is_drawn_globally,
        {{ hash_bucket(dbt.concat([
            'admitted.holdout_salt', "'|" ~ holdout_period_text() ~ "|'", 'admitted.profile_id'
        ])) }} as arm_bucket,
        first_of_all.arm as first_arm_of_all,
        first_of_scenario.arm as first_arm_of_scenario
    from admitted
    left join period_entries as first_of_all
        on
            admitted.profile_id = first_of_all.profile_id
            and first_of_all.place_of_all = 1
    left join period_entries as first_of_scenario
        on
            admitted.profile_id = first_of_scenario.profile_id
            and admitted.scenario_id = first_of_scenario.scenario_id
            and first_of_scenario.place_in_scenario = 1
),

armed as (
    select
        drawn.*,
        case
            when drawn.is_entered then drawn.arm
            when not drawn.asks_not_held_out then 'treated'
            when drawn.first_arm_of_all = 'held_out_globally' then 'held_out_globally'
            when drawn.first_arm_of_scenario is not null then drawn.first_arm_of_scenario
            when drawn.first_arm_of_all is null and drawn.is_drawn_globally then 'held_out_globally'
            when drawn.arm_bucket < drawn.holdout_share * 10000 then 'held_out'
            when drawn.arm_bucket < (drawn.holdout_share + coalesce(drawn.as_before_share, 0)) * 10000 then 'as_before'
            else 'treated'
        end as entry_arm
    from drawn
),

-- gates 8 and 9
before_arbitration as (
    select
        *,
        entry_arm = 'treated' or not asks_not_held_out as passes_not_held_out,
        is_under_cap as passes_under_pressure_cap,
        is_at_the_door
        and passes_not_cooling_down
        and passes_admitted
        and (entry_arm = 'treated' or not asks_not_held_out)
        and is_under_cap
        and asks_won_arbitration as is_in_arbitration
    from armed
),

running_journeys as (
    select
        journeys.profile_id,
        cast(count(*) as integer) as running_count
    from journeys
    inner join scenarios
        on journeys.scenario_id = scenarios.scenario_id
    inner join gates_per_kind
        on scenarios.kind = gates_per_kind.kind
    where
        journeys.is_running
        and gates_per_kind.asks_won_arbitration
    group by journeys.profile_id
),

-- an evening's run and a night's may send on the same date, and so may what quiet hours have put off: who came first
-- has the slot
taken_slots as (
    select distinct
        profile_id,
        send_date
    from past_decisions
    where
        outcome = 'selected'
        and channel <> 'ads'
        and send_date >= {{ send_date() }}
),

-- gate 10: a running journey goes on before another begins; of those left the most important wins
ranked as (
    select
        before_arbitration.*,
        coalesce(running_journeys.running_count, 0) > 0 and not before_arbitration.is_running as is_another_running,
        taken_slots.profile_id is not null as is_slot_taken,
        ranked_channels.channel,
        ranked_channels.channel_cost_amount,
        coalesce(ranked_channels.send_date, {{ send_date() }}) as send_date,
        coalesce(ranked_channels.send_at, {{ send_instant() }}) as send_at,
        row_number() over (
            partition by before_arbitration.profile_id, before_arbitration.is_in_arbitration
            order by
                case when taken_slots.profile_id is null then 0 else 1 end asc nulls last,
                case when before_arbitration.is_running then 0 else 1 end asc nulls last,
                before_arbitration.priority asc nulls last,
                before_arbitration.expected_value_amount desc nulls last,
                before_arbitration.scenario_id asc nulls last,
                before_arbitration.entry_key asc nulls last,
                before_arbitration.step asc nulls last
        ) as place
    from before_arbitration
    left join running_journeys
        on before_arbitration.profile_id = running_journeys.profile_id
    left join ranked_channels
        on
            before_arbitration.scenario_id = ranked_channels.scenario_id
            and before_arbitration.profile_id = ranked_channels.profile_id
            and before_arbitration.entry_key = ranked_channels.entry_key
            and before_arbitration.step = ranked_channels.step
            and ranked_channels.place = 1
    left join taken_slots
        on
            before_arbitration.profile_id = taken_slots.profile_id
            and coalesce(ranked_channels.send_date, {{ send_date() }}) = taken_slots.send_date
),

arbitrated as (
    select
        *,
        not asks_won_arbitration or (not is_another_running and not is_slot_taken and place = 1)
            as passes_won_arbitration
    from ranked
),

closed as (
    select
        *,
        case
            {% for gate in gates() -%}
                when not passes_{{ gate }} then {{ loop.index }}
            {% endfor -%}
        end as closed_gate_order,
        case
            {% for gate in gates() -%}
                when not passes_{{ gate }} then '{{ gate }}'
            {% endfor -%}
        end as closed_gate
    from arbitrated
),

decided as (
    select
        *,
        case
            when closed_gate is null then 'selected'
            when closed_gate = 'not_held_out' then 'held_out'
            when closed_gate in ('{{ waiting_gates() | join("', '") }}') and window_end_date > {{ as_of_date() }}
                then 'deferred'
            when closed_gate in ('{{ waiting_gates() | join("', '") }}') then 'expired'
            else 'closed'
        end as outcome
    from closed
)

select
    {{ sha256_hex(dbt.concat([
        "'" ~ as_of_date_text() ~ "|'", 'decided.scenario_id', "'|'", 'decided.profile_id', "'|'", 'decided.entry_key',
        "'|'", 'decided.step'
    ])) }} as decision_id,
    decided.scenario_id,
    decided.profile_id,
    decided.entry_key,
    decided.step,
    decided.purpose,
    decided.outcome,
    decided.closed_gate,
    case
        when decided.closed_gate = 'not_stopped' then decided.stopped_by
        when decided.closed_gate = 'reachable' and decided.is_too_costly then 'offer_too_small'
        when decided.closed_gate = 'not_suppressed' then decided.suppressed_by
        when decided.closed_gate = 'not_cooling_down' and decided.cooling_since_date is not null then 'entered_before'
        when decided.closed_gate = 'not_cooling_down' then 'newer_trigger'
        when decided.closed_gate = 'admitted' then decided.kept_waiting_by
        when decided.closed_gate = 'not_held_out' then decided.entry_arm
        when decided.closed_gate = 'won_arbitration' and decided.is_slot_taken then 'slot_is_taken'
        when decided.closed_gate = 'won_arbitration' and decided.is_another_running then 'another_journey_is_running'
        when decided.closed_gate = 'won_arbitration' then 'another_scenario_won'
    end as evidence,
    decided.entry_arm as arm,
    case when decided.outcome = 'selected' then decided.channel end as channel,
    case when decided.outcome = 'selected' then step_variants.variant end as variant,
    case when decided.outcome = 'selected' then {{ variant_share('step_variants') }} end as variant_share,
    decided.template,
    decided.offer_type,
    decided.offer_id,
    decided.trigger_reference,
    decided.reason_code,
    decided.reason_parameters,
    decided.entry_offer_type,
    decided.entry_offer_id,
    decided.entry_offer_amount,
    decided.offer_amount,
    decided.expected_value_amount,
    case when decided.outcome = 'selected' then decided.channel_cost_amount end as channel_cost_amount,
    {% for gate in gates() -%}
        case
            when decided.asks_{{ gate }} and coalesce(decided.closed_gate_order, 99) >= {{ loop.index }}
                then decided.passes_{{ gate }}
        end as is_{{ gate }},
    {% endfor %}
    decided.has_matching_offer,
    decided.is_first_step,
    decided.is_entered,
    decided.is_first_step
    and not decided.is_entered
    and coalesce(decided.closed_gate_order, 99) > {{ gates().index('admitted') + 1 }} as is_new_entry,
    {{ as_of_date() }} as as_of_date,
    decided.triggered_date,
    decided.window_end_date,
    case when decided.outcome = 'selected' then decided.send_date else {{ send_date() }} end as send_date,
    decided.triggered_at,
    case when decided.outcome = 'selected' then decided.send_at else {{ send_instant() }} end as send_at
from decided
left join step_variants
    on
        decided.scenario_id = step_variants.scenario_id
        and decided.step = step_variants.step
        and decided.channel = step_variants.channel
        and {{ hash_bucket(dbt.concat(['decided.variant_salt', "'|'", 'decided.profile_id'])) }}
        between step_variants.first_bucket and step_variants.last_bucket
