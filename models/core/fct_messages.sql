with

messages as (
    select * from {{ ref('intake_messages') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

-- mailbox providers open messages on behalf of people: a proxy open is kept apart and never counts as opened
first_events as (
    select
        message_id,
        min(case when event_type = 'delivered' then occurred_at end) as first_delivered_at,
        min(case when event_type = 'opened' and not coalesce(is_machine, false) then occurred_at end) as first_opened_at,
        min(case when event_type = 'opened' and coalesce(is_machine, false) then occurred_at end) as first_proxy_opened_at,
        min(case when event_type = 'clicked' then occurred_at end) as first_clicked_at,
        min(case when event_type = 'bounced_hard' then occurred_at end) as first_bounced_hard_at,
        min(case when event_type = 'bounced_soft' then occurred_at end) as first_bounced_soft_at,
        min(case when event_type = 'complained' then occurred_at end) as first_complained_at,
        min(case when event_type = 'unsubscribed' then occurred_at end) as first_unsubscribed_at,
        min(case when event_type = 'not_sent' then occurred_at end) as first_not_sent_at
    from message_events
    group by message_id
),

messages_with_events as (
    select
        messages.message_id,
        contact_profiles.profile_id,
        messages.campaign_id,
        messages.decision_id,
        messages.source_system,
        messages.channel,
        messages.variant,
        messages.cost_amount,
        messages.sent_date,
        messages.sent_at,
        first_events.first_delivered_at,
        first_events.first_opened_at,
        first_events.first_proxy_opened_at,
        first_events.first_clicked_at,
        first_events.first_bounced_hard_at,
        first_events.first_bounced_soft_at,
        first_events.first_complained_at,
        first_events.first_unsubscribed_at,
        first_events.first_not_sent_at
    from messages
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
    left join first_events
        on messages.message_id = first_events.message_id
)

select
    message_id,
    profile_id,
    campaign_id,
    decision_id,
    source_system,
    channel,
    variant,
    cost_amount,
    sent_date,
    sent_at,
    first_delivered_at,
    first_opened_at,
    first_proxy_opened_at,
    first_clicked_at,
    first_bounced_hard_at,
    first_bounced_soft_at,
    first_complained_at,
    first_unsubscribed_at,
    first_not_sent_at
from messages_with_events
