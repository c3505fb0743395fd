with

messages as (
    select * from {{ ref('intake_messages') }}
),

message_events as (
    select * from {{ ref('intake_message_events') }}
),

human_message_events as (
    select * from {{ ref('human_message_events') }}
),

machine_message_events as (
    select * from {{ ref('machine_message_events') }}
),

tracking_permissions as (
    select * from {{ ref('tracking_permissions') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_mailboxes as (
    select * from {{ ref('contact_mailboxes') }}
),

-- whoever reported it: a machine that unsubscribes has unsubscribed
sending_events as (
    select
        message_id,
        min(case when event_type = 'delivered' then occurred_at end) as first_delivered_at,
        min(case when event_type = 'bounced_hard' then occurred_at end) as first_bounced_hard_at,
        max(case when event_type = 'bounced_hard' then occurred_at end) as last_bounced_hard_at,
        min(case when event_type = 'bounced_soft' then occurred_at end) as first_bounced_soft_at,
        min(case when event_type = 'complained' then occurred_at end) as first_complained_at,
        max(case when event_type = 'complained' then occurred_at end) as last_complained_at,
        min(case when event_type = 'unsubscribed' then occurred_at end) as first_unsubscribed_at,
        max(case when event_type = 'unsubscribed' then occurred_at end) as last_unsubscribed_at,
        min(case when event_type = 'not_sent' then occurred_at end) as first_not_sent_at
    from message_events
    where event_type not in ('opened', 'clicked')
    group by message_id
),

{% for maker in ['human', 'machine'] -%}
    {{ maker }}_events as (
        select
            message_id,
            cast(sum(case when event_type = 'opened' then 1 else 0 end) as integer) as open_count,
            cast(sum(case when event_type = 'clicked' then 1 else 0 end) as integer) as click_count,
            min(case when event_type = 'opened' then occurred_at end) as first_opened_at,
            min(case when event_type = 'clicked' then occurred_at end) as first_clicked_at
        from {{ maker }}_message_events
        group by message_id
    ),

{% endfor -%}

messages_with_events as (
    select
        messages.message_id,
        contact_profiles.profile_id,
        messages.campaign_id,
        messages.decision_id,
        messages.source_system,
        messages.channel,
        messages.variant,
        coalesce(messages.message_kind, 'marketing') as message_kind,
        case when messages.channel = 'email' then contact_mailboxes.mailbox_provider end as mailbox_provider,
        coalesce(human_events.open_count, 0) as open_count,
        coalesce(human_events.click_count, 0) as click_count,
        coalesce(machine_events.open_count, 0) as machine_open_count,
        coalesce(machine_events.click_count, 0) as machine_click_count,
        messages.cost_amount,
        -- in a letter nobody clicks, and no call is opened: that there was none says nothing
        messages.channel in ({{ opened_channels() }})
        and {{ may_be_known('open_permissions', 'messages.sent_at') }} as is_open_observed,
        messages.channel in ({{ tracked_channels() }})
        and {{ may_be_known('click_permissions', 'messages.sent_at') }} as is_click_observed,
        messages.sent_date,
        messages.sent_at,
        sending_events.first_delivered_at,
        human_events.first_opened_at,
        machine_events.first_opened_at as first_machine_opened_at,
        human_events.first_clicked_at,
        machine_events.first_clicked_at as first_machine_clicked_at,
        sending_events.first_bounced_hard_at,
        sending_events.last_bounced_hard_at,
        sending_events.first_bounced_soft_at,
        sending_events.first_complained_at,
        sending_events.last_complained_at,
        sending_events.first_unsubscribed_at,
        sending_events.last_unsubscribed_at,
        sending_events.first_not_sent_at
    from messages
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
    left join contact_mailboxes
        on
            messages.source_system = contact_mailboxes.source_system
            and messages.contact_id = contact_mailboxes.contact_id
    left join sending_events
        on messages.message_id = sending_events.message_id
    left join human_events
        on messages.message_id = human_events.message_id
    left join machine_events
        on messages.message_id = machine_events.message_id
    left join tracking_permissions as open_permissions
        on
            contact_profiles.profile_id = open_permissions.profile_id
            and messages.channel = open_permissions.channel
            and open_permissions.event_type = 'opened'
    left join tracking_permissions as click_permissions
        on
            contact_profiles.profile_id = click_permissions.profile_id
            and messages.channel = click_permissions.channel
            and click_permissions.event_type = 'clicked'
)

select
    message_id,
    profile_id,
    campaign_id,
    decision_id,
    source_system,
    channel,
    variant,
    message_kind,
    mailbox_provider,
    open_count,
    click_count,
    machine_open_count,
    machine_click_count,
    cost_amount,
    is_open_observed,
    is_click_observed,
    sent_date,
    sent_at,
    first_delivered_at,
    first_opened_at,
    first_machine_opened_at,
    first_clicked_at,
    first_machine_clicked_at,
    first_bounced_hard_at,
    last_bounced_hard_at,
    first_bounced_soft_at,
    first_complained_at,
    last_complained_at,
    first_unsubscribed_at,
    last_unsubscribed_at,
    first_not_sent_at
from messages_with_events
