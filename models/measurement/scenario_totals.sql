-- What became of the messages of each scenario in the newest twelve months, counted from the messages themselves: the
-- months of scenario_performance, added up, would leave out whoever was one of a few. What happened after a message
-- might have happened anyway.
{%- set counts = [
    'selected', 'sent', 'delivered', 'open_observed', 'opened', 'click_observed', 'clicked', 'redeemed', 'revisited',
    'visited_twice', 'visited_three_times'
] %}

with

scenario_messages as (
    select * from {{ ref('scenario_messages') }}
),

newest_month as (
    select max(decided_month) as decided_month from scenario_messages
),

-- entries that got no message had nothing that could come of it
recent_messages as (
    select scenario_messages.*
    from scenario_messages
    cross join newest_month
    where
        scenario_messages.is_selected
        and scenario_messages.decided_month > {{ add_months('newest_month.decided_month', -12) }}
),

slices as (
    select
        *,
        channel as told_channel,
        'all' as messages
    from recent_messages
    union all
    select
        *,
        channel as told_channel,
        'with_offer' as messages
    from recent_messages
    where offer_type <> 'none'
    union all
    select
        *,
        'all' as told_channel,
        'all' as messages
    from recent_messages
),

counted as (
    select
        scenario_id,
        told_channel as channel,
        messages,
        count(distinct profile_id) as people,
        {%- for name in counts %}
            sum(case when is_{{ name }} then 1 else 0 end) as {{ name }},
        {%- endfor %}
        sum(channel_cost_amount) as channel_cost_amount,
        sum(offer_cost) as offer_cost_amount,
        min(decided_month) as first_month,
        max(decided_month) as last_month
    from slices
    group by
        scenario_id,
        told_channel,
        messages
)

select
    scenario_id,
    channel,
    messages,
    {{ withheld_because('people') }} as withheld_because,
    {%- for name in ['people'] + counts %}
        cast({{ unless_withheld('people', name) }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in ['channel_cost_amount', 'offer_cost_amount'] %}
        cast({{ unless_withheld('people', name) }} as decimal(18,2)) as {{ name }},
    {%- endfor %}
    first_month,
    last_month
from counted
