{{ config(materialized='view') }}

with

messages as (
    select * from {{ ref('fct_messages') }}
),

message_clicks as (
    select * from {{ ref('message_clicks') }}
),

-- A decision may come back in more than one message: it was not sent when none of them was, and its opens or clicks are
-- known when those of all of them are.
reported as (
    select
        decision_id,
        min(case when not coalesce({{ happened_by('first_not_sent_at') }}, false) then 0 else 1 end) = 1 as is_not_sent,
        max(case when {{ happened_by('first_delivered_at') }} then 1 else 0 end) = 1 as is_delivered,
        max(case when {{ happened_by('first_opened_at') }} then 1 else 0 end) = 1 as is_opened,
        max(case when {{ happened_by('first_clicked_at') }} then 1 else 0 end) = 1 as is_clicked,
        min(case when is_open_observed then 1 else 0 end) = 1 as is_open_observed,
        min(case when is_click_observed then 1 else 0 end) = 1 as is_click_observed,
        min(case when {{ happened_by('first_clicked_at') }} then first_clicked_at end) as first_clicked_at,
        max(case when {{ happened_by('first_clicked_at') }} then first_clicked_at end) as last_clicked_at
    from messages
    where
        decision_id is not null
        and {{ happened_by('sent_at') }}
    group by decision_id
),

clicked_links as (
    select
        messages.decision_id,
        {{ sorted_list('message_clicks.link_tag') }} as link_tags
    from message_clicks
    inner join messages
        on message_clicks.message_id = messages.message_id
    where
        messages.decision_id is not null
        and {{ happened_by('message_clicks.occurred_at') }}
    group by messages.decision_id
)

select
    reported.decision_id,
    clicked_links.link_tags as clicked_link_tags,
    reported.is_not_sent,
    reported.is_delivered,
    reported.is_opened,
    reported.is_clicked,
    reported.is_open_observed,
    reported.is_click_observed,
    reported.first_clicked_at,
    reported.last_clicked_at
from reported
left join clicked_links
    on reported.decision_id = clicked_links.decision_id
