-- What became of the messages of each scenario, and what they cost. No result: whoever was written to might have come
-- anyway, which experiment_results tells apart. An open or a click counts where it may be known, and so does whom it is
-- compared with.
{%- set counts = [
    'selected', 'sent', 'delivered', 'open_observed', 'opened', 'click_observed', 'clicked', 'redeemed', 'revisited',
    'visited_twice', 'visited_three_times'
] %}

with

scenario_decisions as (
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

selected_decisions as (
    select
        scenario_decisions.*,
        {{ add_days(
            'scenario_decisions.as_of_date', 'coalesce(scenarios.outcome_days, ' ~ setting('outcome_days') ~ ')'
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
            and profile_days.order_date > selected_decisions.as_of_date
            and profile_days.order_date <= selected_decisions.matured_date
            and profile_days.order_date < {{ as_of_date() }}
    group by
        selected_decisions.decision_id,
        selected_decisions.profile_id
),

-- a message that nobody has reported on yet is on its way
messages as (
    select
        selected_decisions.*,
        true as is_selected,
        not coalesce(decision_reports.is_not_sent, false) as is_sent,
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
    from selected_decisions
    left join decision_reports
        on selected_decisions.decision_id = decision_reports.decision_id
    left join redemptions
        on
            selected_decisions.decision_id = redemptions.decision_id
            and selected_decisions.profile_id = redemptions.profile_id
    left join visits
        on
            selected_decisions.decision_id = visits.decision_id
            and selected_decisions.profile_id = visits.profile_id
),

counted as (
    select
        scenario_id,
        step,
        channel,
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
        channel,
        coalesce(offer_type, 'none'),
        coalesce(variant, 'none'),
        {{ month_start('as_of_date') }}
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
    {%- for name in ['channel_cost_amount', 'offer_cost_amount'] %}
        cast({{ unless_withheld('people', name) }} as decimal(18,2)) as {{ name }},
    {%- endfor %}
    decided_month
from counted
