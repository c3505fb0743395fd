-- The quick win: what half a year of a scenario would bring on each of its channels, one message per entry. A scenario
-- that has no result of its own, because it is switched off or young, is taken for an average one, and says so.
with

scenarios as (
    select * from {{ ref('dim_scenarios') }}
),

channels as (
    select * from {{ ref('channels') }}
),

channel_rules as (
    select * from {{ ref('channel_rules') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

scenario_messages as (
    select * from {{ ref('scenario_messages') }}
),

customer_base as (
    select * from {{ ref('customer_base') }}
),

newest_month as (
    select max(segment_month) as segment_month from customer_base
),

base as (
    select customer_base.*
    from customer_base
    inner join newest_month
        on customer_base.segment_month = newest_month.segment_month
    where customer_base.slice_kind = 'all'
),

contactable as (
    {% for channel in contract_lists().channel -%}
        select
            '{{ channel }}' as channel,
            people,
            {{ unless_withheld('contactable_by_' ~ channel, 'contactable_by_' ~ channel) }} as contactable_people
        from base
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- what a message costs where no rule says otherwise
channel_costs as (
    select
        channel,
        min(cast(channel_cost_amount as double)) as message_cost
    from channel_rules
    where
        event = '*'
        and objective = '*'
    group by channel
),

ranked_results as (
    select
        *,
        row_number() over (
            partition by scenario_id
            -- a half-year that has just begun tells of fewer people than one has
            order by
                case when holdout_period < '{{ holdout_period_text() }}' then 0 else 1 end asc nulls last,
                holdout_period desc nulls last
        ) as place
    from experiment_results
    where
        metric_id = 'net_return'
        and variation_id = 'treated'
        and slice_kind = 'all'
        and holdout_period is not null
        and lift is not null
        and degrees >= 30
),

-- before costs: those depend on the channel
own_results as (
    select
        scenario_id,
        cast(users + baseline_users as double) as people,
        total_lift / users + cost_lift as earned,
        lower_total_lift / users + cost_lift as lower_earned,
        upper_total_lift / users + cost_lift as upper_earned
    from ranked_results
    where place = 1
),

average_results as (
    select
        avg(people) as people,
        sum(people * earned) / sum(people) as earned
    from own_results
),

-- of the messages themselves: what is told of them leaves out whoever was one of a few in a month
offers as (
    select
        scenario_id,
        cast(offer_cost as decimal(18,6)) as offer_cost,
        case when is_sent then profile_id end as sent_to
    from scenario_messages
),

own_offers as (
    select
        scenario_id,
        cast(sum(offer_cost) as double) / count(sent_to) as offer_cost
    from offers
    group by scenario_id
    having count(distinct sent_to) >= {{ setting('min_group_size') }}
),

average_offers as (
    select
        {{
            unless_withheld('count(distinct sent_to)', 'cast(sum(offer_cost) as double) / count(sent_to)')
        }} as offer_cost
    from offers
),

expected as (
    select
        scenarios.scenario_id,
        contactable.channel,
        case
            when own_results.scenario_id is not null then 'own result'
            when average_results.earned is not null then 'average of the scenarios that have a result'
        end as basis,
        contactable.contactable_people,
        contactable.contactable_people
        * least(1e0, coalesce(own_results.people, average_results.people) / contactable.people) as reachable_people,
        coalesce(own_results.earned, average_results.earned) as earned,
        own_results.lower_earned,
        own_results.upper_earned,
        channel_costs.message_cost + coalesce(own_offers.offer_cost, average_offers.offer_cost, 0e0) as cost,
        scenarios.is_enabled
    from scenarios
    inner join channels
        on {{ list_holds('scenarios.channels', 'channels.channel') }}
    inner join contactable
        on channels.channel = contactable.channel
    left join channel_costs
        on channels.channel = channel_costs.channel
    left join own_results
        on scenarios.scenario_id = own_results.scenario_id
    left join own_offers
        on scenarios.scenario_id = own_offers.scenario_id
    cross join average_results
    cross join average_offers
)

select
    scenario_id,
    channel,
    basis,
    case
        when basis is null then 'no scenario has a return that is known'
        when contactable_people is null then 'fewer than {{ setting('min_group_size') }} people'
    end as no_potential_because,
    contactable_people,
    cast(round(reachable_people, 0) as bigint) as reachable_people,
    earned as margin_per_person,
    cost as cost_per_person,
    {%- for bound in ['', 'lower_', 'upper_'] %}
        cast(round(reachable_people * ({{ bound }}earned - cost), 2) as decimal(18,2)) as {{ bound }}potential_amount,
    {%- endfor %}
    is_enabled,
    {{ as_of_date() }} as as_of_date
from expected
