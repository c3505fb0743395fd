-- What became of the entries and messages of each scenario, and what they cost. No result: whoever was written to might
-- have come anyway, which experiment_results tells apart and net_return_amount takes from there. An open or a click
-- counts where it may be known, and so does whom it is compared with.
{%- set totals = ['delivered', 'opened', 'clicked'] -%}
{%- set counts = [
    'entered', 'treated', 'selected', 'sent', 'delivered', 'open_observed', 'opened', 'click_observed', 'clicked',
    'redeemed', 'revisited', 'visited_twice', 'visited_three_times'
] %}

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

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
),

all_messages as (
    select * from {{ ref('fct_messages') }}
),

message_totals as (
    select * from {{ ref('fct_message_totals') }}
),

campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
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
        coalesce(redemptions.offer_cost_amount, 0e0) as offer_cost_amount
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

counted as (
    select
        scenario_id,
        step,
        coalesce(channel, 'none') as channel,
        coalesce(offer_type, 'none') as offer_type,
        coalesce(variant, 'none') as variant,
        count(distinct profile_id) as people,
        {%- for name in counts %}
            sum(case when is_{{ name }} then 1 else 0 end) as {{ name }},
        {%- endfor %}
        sum(case when is_sent then channel_cost_amount else 0 end) as channel_cost_amount,
        sum(offer_cost_amount) as offer_cost_amount,
        {{ month_start('as_of_date') }} as decided_month
    from messages
    group by
        scenario_id,
        step,
        coalesce(channel, 'none'),
        coalesce(offer_type, 'none'),
        coalesce(variant, 'none'),
        {{ month_start('as_of_date') }}
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
),

-- drawn people tell it of the half-year; each row of a first step has the share of its entries, together they have it
net_returns as (
    select
        scenario_id,
        holdout_period,
        cast(total_lift as double) as net_return_amount,
        cast(lower_total_lift as double) as lower_net_return_amount,
        cast(upper_total_lift as double) as upper_net_return_amount
    from experiment_results
    where
        metric_id = 'net_return'
        and slice_kind = 'all'
        and variation_id = 'treated'
        and holdout_period is not null
),

compared as (
    select
        counted.*,
        {%- for name in ['net_return_amount', 'lower_net_return_amount', 'upper_net_return_amount'] %}
            case
                when scenario_steps.step is not null and scenario_steps.after_steps is null
                    then
                        net_returns.{{ name }} * counted.treated
                        / nullif(
                            sum(
                                case
                                    when scenario_steps.step is not null and scenario_steps.after_steps is null
                                        then counted.treated
                                end
                            ) over (partition by counted.scenario_id, dates.half_year),
                            0
                        )
            end as {{ name }},
        {%- endfor %}
        cast(counted.opened as double) / nullif(counted.open_observed, 0) - other_opens.open_rate as open_rate_change
    from counted
    left join other_opens
        on
            counted.channel = other_opens.channel
            and counted.decided_month = other_opens.sent_month
    left join scenario_steps
        on
            counted.scenario_id = scenario_steps.scenario_id
            and counted.step = scenario_steps.step
    left join dates on counted.decided_month = dates.calendar_date
    left join net_returns
        on
            counted.scenario_id = net_returns.scenario_id
            and dates.half_year = net_returns.holdout_period
),

-- a provider that may count and not name reports on the campaign that carries the scenario out, not on steps or offers
campaign_scenarios as (
    select
        campaign_id,
        min(scenario_id) as scenario_id,
        case when count(distinct route) = 1 then min(route) else 'all' end as channel
    from campaigns
    where scenario_id is not null
    group by campaign_id
),

totalled as (
    select
        campaign_scenarios.scenario_id,
        campaign_scenarios.channel,
        {%- for name in totals %}
            sum(case when message_totals.event_type = '{{ name }}' then message_totals.event_count else 0 end)
                as {{ name }}_in_total,
        {%- endfor %}
        {{ month_start('message_totals.event_date') }} as decided_month
    from message_totals
    inner join campaign_scenarios
        on message_totals.campaign_id = campaign_scenarios.campaign_id
    where message_totals.event_date <= {{ as_of_date() }}
    group by
        campaign_scenarios.scenario_id,
        campaign_scenarios.channel,
        {{ month_start('message_totals.event_date') }}
)

select
    scenario_id,
    step,
    channel,
    offer_type,
    variant,
    {{ withheld_because('people') }} as withheld_because,
    {%- for name in ['people'] + counts %}
        cast({{ unless_withheld('people', name) }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in totals %}
        cast(null as bigint) as {{ name }}_in_total,
    {%- endfor %}
    {%- for name in [
        'channel_cost_amount', 'offer_cost_amount', 'net_return_amount', 'lower_net_return_amount',
        'upper_net_return_amount'
    ] %}
        cast({{ unless_withheld('people', name) }} as decimal(18,2)) as {{ name }},
    {%- endfor %}
    {{ unless_withheld('people', 'open_rate_change') }} as open_rate_change,
    decided_month
from compared
union all
select
    scenario_id,
    'all' as step,
    channel,
    'none' as offer_type,
    'none' as variant,
    cast(null as string) as withheld_because,
    {%- for name in ['people'] + counts %}
        cast(null as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in totals %}
        cast({{ name }}_in_total as bigint) as {{ name }}_in_total,
    {%- endfor %}
    {%- for name in [
        'channel_cost_amount', 'offer_cost_amount', 'net_return_amount', 'lower_net_return_amount',
        'upper_net_return_amount'
    ] %}
        cast(null as decimal(18,2)) as {{ name }},
    {%- endfor %}
    cast(null as double) as open_rate_change,
    decided_month
from totalled
