-- What may follow each message: does the condition of the next step hold today, and can it still come to hold? Opens
-- and clicks steer only where they may be known. Where they may not, "not opened" says nothing, and the step asks its
-- fallback instead, unless the person has answered.
with

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
),

sent_steps as (
    select * from {{ ref('sent_steps') }}
),

kept_offers as (
    select * from {{ ref('kept_offers') }}
),

next_steps as (
    select
        sent_steps.*,
        scenario_steps.step as next_step,
        kept_offers.offer_id is not null as has_offer,
        case
            when sent_steps.is_answered then scenario_steps.condition
            when
                (scenario_steps.condition in ('opened', 'not_opened') and not sent_steps.is_open_observed)
                or (
                    (
                        scenario_steps.condition in ('clicked', 'not_clicked')
                        or scenario_steps.condition like 'clicked:%'
                    )
                    and not sent_steps.is_click_observed
                )
                then coalesce(scenario_steps.fallback_condition, 'no_purchase')
            else scenario_steps.condition
        end as condition,
        {{ add_days('sent_steps.as_of_date', 'scenario_steps.wait_days') }} as due_date,
        {{ add_days('sent_steps.as_of_date', 'scenario_steps.stop_after_days') }} as window_end_date
    from sent_steps
    inner join scenario_steps
        on
            sent_steps.scenario_id = scenario_steps.scenario_id
            and {{ list_holds('scenario_steps.after_steps', 'sent_steps.step') }}
    left join kept_offers
        on sent_steps.offer_id = kept_offers.promised_offer_id
)

select
    decision_id,
    scenario_id,
    profile_id,
    entry_key,
    step,
    next_step,
    offer_id,
    condition,
    case
        when condition = 'none' then true
        when condition = 'delivered' then is_delivered
        when condition = 'opened' then is_opened or is_answered
        when condition = 'not_opened' then not (is_opened or is_answered)
        when condition = 'clicked' then is_clicked or is_answered
        when condition = 'not_clicked' then not (is_clicked or is_answered)
        when condition = 'has_offer' then has_offer
        when condition = 'no_purchase' then not is_followed_by_purchase
        when condition like 'clicked:%'
            then
                is_answered
                or {{ list_holds(
                    "replace(coalesce(clicked_link_tags, ''), ',', '>')", "replace(condition, 'clicked:', '')"
                ) }}
        else false
    end as is_met,
    case
        when condition = 'not_opened' then is_opened or is_answered
        when condition = 'not_clicked' then is_clicked or is_answered
        when condition = 'has_offer' then not has_offer
        when condition = 'no_purchase' then is_followed_by_purchase
        else condition = 'skip'
    end as is_out_of_reach,
    as_of_date,
    due_date,
    window_end_date
from next_steps
