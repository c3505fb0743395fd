{{ config(materialized='view') }}

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

human_opens as (
    select
        message_events.message_id,
        message_events.occurred_date
    from message_events
    {{ anti_join() }} machine_message_events
        on
            message_events.message_id = machine_message_events.message_id
            and message_events.event_type = machine_message_events.event_type
            and message_events.occurred_at = machine_message_events.occurred_at
            and message_events.link_tag = machine_message_events.link_tag
    where
        message_events.event_type = 'opened'
        and {{ happened_by('message_events.occurred_at') }}
),

last_opens as (
    select
        contact_profiles.profile_id,
        max(human_opens.occurred_date) as last_open_date
    from human_opens
    inner join messages
        on human_opens.message_id = messages.message_id
    inner join contact_profiles
        on
            messages.source_system = contact_profiles.source_system
            and messages.contact_id = contact_profiles.contact_id
    where messages.channel = 'email'
    group by contact_profiles.profile_id
)

select
    profile_id,
    last_open_date
from last_opens
