-- What became of the entries and messages of each scenario, and what they cost. No result: whoever was written to might
-- have come anyway, which experiment_results tells apart and net_return_amount takes from there. An open or a click
-- counts where it may be known, and so does whom it is compared with.
{%- set totals = ['delivered', 'opened', 'clicked'] -%}
{%- set counts = [
    'entered', 'treated', 'selected', 'sent', 'delivered', 'open_observed', 'opened', 'click_observed', 'clicked',
    'redeemed', 'revisited', 'visited_twice', 'visited_three_times'
] %}

with

scenario_messages as (
    select * from {{ ref('scenario_messages') }}
),

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
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

counted as (
    select
        scenario_id,
        step,
        channel,
        offer_type,
        variant,
        count(distinct profile_id) as people,
        {%- for name in counts %}
            sum(case when is_{{ name }} then 1 else 0 end) as {{ name }},
        {%- endfor %}
        sum(channel_cost_amount) as channel_cost_amount,
        sum(offer_cost) as offer_cost_amount,
        max(other_open_rate) as other_open_rate,
        decided_month
    from scenario_messages
    group by
        scenario_id,
        step,
        channel,
        offer_type,
        variant,
        decided_month
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
        cast(counted.opened as double) / nullif(counted.open_observed, 0) - counted.other_open_rate as open_rate_change
    from counted
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
