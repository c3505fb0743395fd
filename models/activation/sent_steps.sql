-- Every message of a journey that can still send, with what became of it; after a split it is of both people. Who
-- claims the offer of a message, or sends a form after it, has answered it: that is an act of the person and counts
-- whatever was said about tracking.
with

scenarios as (
    select * from {{ ref('scenarios') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
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

-- A message that nobody has reported yet was neither opened nor clicked. Of a letter or a call nobody would know: that
-- it is not reported says no more than a report would.
sent_steps as (
    select
        past_decisions.decision_id,
        past_decisions.scenario_id,
        past_decisions.profile_id,
        past_decisions.entry_key,
        past_decisions.step,
        past_decisions.offer_id,
        decision_reports.clicked_link_tags,
        coalesce(decision_reports.is_delivered, false) as is_delivered,
        coalesce(decision_reports.is_opened, false) as is_opened,
        coalesce(decision_reports.is_clicked, false) as is_clicked,
        coalesce(decision_reports.is_open_observed, past_decisions.channel in ({{ opened_channels() }}), false)
            as is_open_observed,
        coalesce(decision_reports.is_click_observed, past_decisions.channel in ({{ tracked_channels() }}), false)
            as is_click_observed,
        past_decisions.as_of_date,
        past_decisions.send_at,
        decision_reports.last_clicked_at
    from past_decisions
    inner join scenarios
        on past_decisions.scenario_id = scenarios.scenario_id
    left join decision_reports
        on past_decisions.decision_id = decision_reports.decision_id
    where
        past_decisions.outcome = 'selected'
        and not coalesce(decision_reports.is_not_sent, false)
        and {{ is_open_trigger('past_decisions.as_of_date', 'scenarios') }}
),

acts as (
    select
        profile_id,
        offer_id,
        redeemed_at as occurred_at
    from redemptions
    where {{ happened_by('redeemed_at') }}
    union all
    select
        profile_id,
        cast(null as string) as offer_id,
        occurred_at
    from interactions
    where
        interaction_kind = 'form_submit'
        and {{ happened_by('occurred_at') }}
),

answers as (
    select
        sent_steps.decision_id,
        sent_steps.profile_id,
        max(acts.occurred_at) as last_answered_at
    from sent_steps
    inner join acts
        on
            sent_steps.profile_id = acts.profile_id
            and sent_steps.send_at < acts.occurred_at
            and (acts.offer_id is null or sent_steps.offer_id = acts.offer_id)
    group by
        sent_steps.decision_id,
        sent_steps.profile_id
),

purchases as (
    select
        sent_steps.decision_id,
        sent_steps.profile_id,
        max(orders.ordered_at) as last_ordered_at
    from sent_steps
    inner join orders
        on
            sent_steps.profile_id = orders.profile_id
            and orders.order_status = 'completed'
            and orders.order_date > sent_steps.as_of_date
    where {{ happened_by('orders.ordered_at') }}
    group by
        sent_steps.decision_id,
        sent_steps.profile_id
)

select
    sent_steps.*,
    answers.decision_id is not null as is_answered,
    purchases.decision_id is not null as is_followed_by_purchase,
    answers.last_answered_at
from sent_steps
left join answers
    on
        sent_steps.decision_id = answers.decision_id
        and sent_steps.profile_id = answers.profile_id
left join purchases
    on
        sent_steps.decision_id = purchases.decision_id
        and sent_steps.profile_id = purchases.profile_id
