-- What became of each message of a scenario, and of each entry that came to a step and got none: what is told of
-- scenarios by month, channel or offer, or added up over all of them, is counted from here. A sum of what is told
-- leaves out whoever was one of a few.
{{ config(access='protected') }}

with

all_decisions as (
    select * from {{ ref('scenario_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
),

offer_costs as (
    select * from {{ ref('offer_costs') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

all_messages as (
    select * from {{ ref('fct_messages') }}
),

-- a list of whom to delete sends nothing and asks nobody back
scenario_decisions as (
    select all_decisions.*
    from all_decisions
    inner join scenarios
        on all_decisions.scenario_id = scenarios.scenario_id
    where scenarios.kind <> 'hygiene'
),

selected_decisions as (
    select
        scenario_decisions.*,
        {{ add_days(
            'scenario_decisions.send_date', 'coalesce(scenarios.outcome_days, ' ~ setting('outcome_days') ~ ') - 1'
        ) }} as matured_date
    from scenario_decisions
    inner join scenarios
        on scenario_decisions.scenario_id = scenarios.scenario_id
    where scenario_decisions.outcome = 'selected'
),

redemptions as (
    select
        decision_id,
        profile_id,
        sum(offer_cost) as offer_cost_amount
    from offer_costs
    where decision_id is not null
    group by
        decision_id,
        profile_id
),

visits as (
    select
        selected_decisions.decision_id,
        selected_decisions.profile_id,
        count(*) as purchase_days
    from selected_decisions
    inner join profile_days
        on
            selected_decisions.profile_id = profile_days.profile_id
            and profile_days.orders > 0
            and profile_days.order_date >= selected_decisions.send_date
            and profile_days.order_date <= selected_decisions.matured_date
            and profile_days.order_date < {{ as_of_date() }}
    group by
        selected_decisions.decision_id,
        selected_decisions.profile_id
),

-- an entry that came to a step and got no message: held out, stopped at a gate, or waiting; told by its newest decision
ranked_waiting as (
    select
        scenario_decisions.*,
        row_number() over (
            partition by
                scenario_decisions.scenario_id,
                scenario_decisions.profile_id,
                scenario_decisions.entry_key,
                scenario_decisions.step
            order by scenario_decisions.as_of_date desc nulls last, scenario_decisions.decision_id asc nulls last
        ) as place
    from scenario_decisions
    left join selected_decisions
        on
            scenario_decisions.scenario_id = selected_decisions.scenario_id
            and scenario_decisions.profile_id = selected_decisions.profile_id
            and scenario_decisions.entry_key = selected_decisions.entry_key
            and scenario_decisions.step = selected_decisions.step
    where
        scenario_decisions.reason_code is not null
        and selected_decisions.decision_id is null
),

steps_reached as (
    select
        decision_id,
        profile_id,
        scenario_id,
        step,
        arm,
        outcome,
        channel,
        offer_type,
        variant,
        channel_cost_amount,
        as_of_date
    from selected_decisions
    union all
    select
        decision_id,
        profile_id,
        scenario_id,
        step,
        arm,
        outcome,
        cast(null as string) as channel,
        offer_type,
        variant,
        channel_cost_amount,
        as_of_date
    from ranked_waiting
    where place = 1
),

-- a message that nobody has reported on yet is on its way
messages as (
    select
        steps_reached.*,
        true as is_entered,
        steps_reached.arm = 'treated' as is_treated,
        steps_reached.outcome = 'selected' as is_selected,
        steps_reached.outcome = 'selected' and not coalesce(decision_reports.is_not_sent, false) as is_sent,
        coalesce(decision_reports.is_delivered, false) as is_delivered,
        coalesce(decision_reports.is_delivered and decision_reports.is_open_observed, false) as is_open_observed,
        coalesce(decision_reports.is_opened, false) as is_opened,
        coalesce(decision_reports.is_delivered and decision_reports.is_click_observed, false) as is_click_observed,
        coalesce(decision_reports.is_clicked, false) as is_clicked,
        redemptions.decision_id is not null as is_redeemed,
        coalesce(visits.purchase_days, 0) >= 1 as is_revisited,
        coalesce(visits.purchase_days, 0) >= 2 as is_visited_twice,
        coalesce(visits.purchase_days, 0) >= 3 as is_visited_three_times,
        coalesce(redemptions.offer_cost_amount, 0e0) as offer_cost,
        {{ month_start('steps_reached.as_of_date') }} as decided_month
    from steps_reached
    left join decision_reports
        on steps_reached.decision_id = decision_reports.decision_id
    left join redemptions
        on
            steps_reached.decision_id = redemptions.decision_id
            and steps_reached.profile_id = redemptions.profile_id
    left join visits
        on
            steps_reached.decision_id = visits.decision_id
            and steps_reached.profile_id = visits.profile_id
),

-- what people make of messages that no scenario sent, in the same month on the same channel
other_opens as (
    select
        channel,
        cast(sum(case when first_opened_at is not null then 1 else 0 end) as double) / count(*) as open_rate,
        {{ month_start('sent_date') }} as sent_month
    from all_messages
    where
        decision_id is null
        and is_open_observed
        and first_delivered_at is not null
        and {{ happened_by('sent_at') }}
    group by
        channel,
        {{ month_start('sent_date') }}
    -- what one other person did would be told by the difference
    having count(distinct profile_id) >= {{ setting('min_group_size') }}
)

select
    messages.decision_id,
    messages.profile_id,
    messages.scenario_id,
    messages.step,
    coalesce(messages.channel, 'none') as channel,
    coalesce(messages.offer_type, 'none') as offer_type,
    coalesce(messages.variant, 'none') as variant,
    cast(
        case when messages.is_sent then messages.channel_cost_amount else 0 end as decimal(18,2)
    ) as channel_cost_amount,
    messages.offer_cost,
    other_opens.open_rate as other_open_rate,
    {%- for name in [
        'entered', 'treated', 'selected', 'sent', 'delivered', 'open_observed', 'opened', 'click_observed', 'clicked',
        'redeemed', 'revisited', 'visited_twice', 'visited_three_times'
    ] %}
        messages.is_{{ name }},
    {%- endfor %}
    messages.decided_month
from messages
left join other_opens
    on
        messages.channel = other_opens.channel
        and messages.decided_month = other_opens.sent_month
