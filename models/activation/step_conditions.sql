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

places as (
    {{ whole_numbers('place', 1, 30) }}
),

-- a step that may follow several has one window for all of them, or one for each in their order
following_steps as (
    select
        scenario_steps.scenario_id,
        split_part(scenario_steps.after_steps, '>', places.place) as step,
        scenario_steps.step as next_step,
        scenario_steps.condition,
        scenario_steps.fallback_condition,
        scenario_steps.wait_days,
        cast(
            coalesce(
                nullif(split_part(scenario_steps.stop_after_days, '>', places.place), ''),
                scenario_steps.stop_after_days
            ) as integer
        ) as stop_after_days
    from scenario_steps
    cross join places
    where split_part(scenario_steps.after_steps, '>', places.place) <> ''
),

next_steps as (
    select
        sent_steps.*,
        following_steps.next_step,
        kept_offers.offer_id is not null as has_offer,
        case
            when sent_steps.is_answered then following_steps.condition
            when
                (following_steps.condition in ('opened', 'not_opened') and not sent_steps.is_open_observed)
                or (
                    split_part(following_steps.condition, ':', 1) in ('clicked', 'not_clicked')
                    and not sent_steps.is_click_observed
                )
                then coalesce(following_steps.fallback_condition, 'no_purchase')
            else following_steps.condition
        end as condition,
        {{ add_days('sent_steps.as_of_date', 'following_steps.wait_days') }} as due_date,
        {{ add_days('sent_steps.as_of_date', 'following_steps.stop_after_days') }} as window_end_date
    from sent_steps
    inner join following_steps
        on
            sent_steps.scenario_id = following_steps.scenario_id
            and sent_steps.step = following_steps.step
    left join kept_offers
        on sent_steps.offer_id = kept_offers.promised_offer_id
),

judged_steps as (
    select
        *,
        split_part(condition, ':', 1) as asked,
        is_answered or case
            when condition like '%:%'
                then {{ list_holds(
                    "replace(coalesce(clicked_link_tags, ''), ',', '>')",
                    "replace(replace(condition, 'not_clicked:', ''), 'clicked:', '')",
                ) }}
            else is_clicked
        end as has_clicked
    from next_steps
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
        when asked = 'none' then true
        when asked = 'delivered' then is_delivered
        when asked = 'opened' then is_opened or is_answered
        when asked = 'not_opened' then not (is_opened or is_answered)
        when asked = 'clicked' then has_clicked
        when asked = 'not_clicked' then not has_clicked
        when asked = 'has_offer' then has_offer
        when asked = 'no_purchase' then not is_followed_by_purchase
        else false
    end as is_met,
    case
        when asked = 'not_opened' then is_opened or is_answered
        when asked = 'not_clicked' then has_clicked
        when asked = 'has_offer' then not has_offer
        when asked = 'no_purchase' then is_followed_by_purchase
        else asked = 'skip'
    end as is_out_of_reach,
    as_of_date,
    due_date,
    window_end_date
from judged_steps
