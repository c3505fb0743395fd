with

message_events as (
    select * from {{ ref('intake_message_events') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

machine_message_events as (
    select * from {{ ref('machine_message_events') }}
),

tracking_permissions as (
    select * from {{ ref('tracking_permissions') }}
),

human_events as (
    select
        message_events.message_id,
        message_events.event_type,
        message_events.link_tag,
        message_events.occurred_date,
        message_events.occurred_at
    from message_events
    {{ anti_join() }} machine_message_events
        on
            message_events.message_id = machine_message_events.message_id
            and message_events.event_type = machine_message_events.event_type
            and message_events.occurred_at = machine_message_events.occurred_at
            and message_events.link_tag = machine_message_events.link_tag
    where message_events.event_type in ('opened', 'clicked')
),

permitted_events as (
    select
        human_events.message_id,
        contact_profiles.profile_id,
        human_events.event_type,
        messages.channel,
        human_events.link_tag,
        human_events.occurred_date,
        human_events.occurred_at
    from human_events
    inner join messages
        on human_events.message_id = messages.message_id
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
    left join tracking_permissions
        on
            contact_profiles.profile_id = tracking_permissions.profile_id
            and messages.channel = tracking_permissions.channel
            and human_events.event_type = tracking_permissions.event_type
    where {{ may_be_known('tracking_permissions', 'human_events.occurred_at') }}
)

select
    message_id,
    profile_id,
    event_type,
    channel,
    link_tag,
    occurred_date,
    occurred_at
from permitted_events
