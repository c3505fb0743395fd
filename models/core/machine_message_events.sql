with

message_events as (
    select * from {{ ref('intake_message_events') }}
),

messages as (
    select * from {{ ref('intake_messages') }}
),

machine_event_rules as (
    select * from {{ ref('machine_event_rules') }}
),

rules as (
    select *
    from machine_event_rules
    where is_enabled
),

reported_by_provider as (
    select
        message_id,
        event_type,
        occurred_at,
        link_tag,
        'provider' as found_by
    from message_events
    where
        event_type in ('opened', 'clicked')
        and is_machine
),

-- each click with the rules of its channel
judged_clicks as (
    select
        message_events.message_id,
        message_events.occurred_at,
        message_events.link_tag,
        rules.rule,
        rules.link_tag as decoy_link_tag,
        rules.links,
        rules.seconds
    from message_events
    inner join messages
        on message_events.message_id = messages.message_id
    inner join rules
        on rules.channel in ('*', messages.channel)
    where message_events.event_type = 'clicked'
),

-- whatever follows a link that nobody sees follows the others as well: its clicks around it are the machine's
beside_a_decoy as (
    select
        judged_clicks.message_id,
        'clicked' as event_type,
        judged_clicks.occurred_at,
        judged_clicks.link_tag,
        'decoy_link' as found_by
    from judged_clicks
    inner join judged_clicks as decoys
        on
            judged_clicks.message_id = decoys.message_id
            and judged_clicks.rule = decoys.rule
            and judged_clicks.decoy_link_tag = decoys.decoy_link_tag
            and decoys.link_tag = decoys.decoy_link_tag
            and decoys.occurred_at <= {{ add_seconds('judged_clicks.occurred_at', 'decoys.seconds') }}
            and judged_clicks.occurred_at <= {{ add_seconds('decoys.occurred_at', 'decoys.seconds') }}
    where judged_clicks.rule = 'decoy_link'
),

-- few messages have so many links followed at all: only their clicks are compared with each other
messages_of_many_links as (
    select
        message_id,
        links,
        seconds
    from judged_clicks
    where rule = 'many_links'
    group by message_id, links, seconds
    having count(distinct nullif(link_tag, '')) >= links
),

clicks_of_many_links as (
    select distinct
        judged_clicks.message_id,
        judged_clicks.occurred_at,
        judged_clicks.link_tag,
        judged_clicks.links,
        judged_clicks.seconds
    from judged_clicks
    inner join messages_of_many_links
        on
            judged_clicks.message_id = messages_of_many_links.message_id
            and judged_clicks.links = messages_of_many_links.links
            and judged_clicks.seconds = messages_of_many_links.seconds
    where judged_clicks.rule = 'many_links'
),

-- the stretches of time, each begun by a click, in which so many different links were followed
bursts as (
    select
        starts.message_id,
        starts.occurred_at,
        starts.links,
        starts.seconds
    from clicks_of_many_links as starts
    inner join clicks_of_many_links as others
        on
            starts.message_id = others.message_id
            and starts.links = others.links
            and starts.seconds = others.seconds
            and others.occurred_at >= starts.occurred_at
            and others.occurred_at <= {{ add_seconds('starts.occurred_at', 'starts.seconds') }}
    group by starts.message_id, starts.occurred_at, starts.links, starts.seconds
    having count(distinct nullif(others.link_tag, '')) >= starts.links
),

in_a_burst as (
    select
        clicks_of_many_links.message_id,
        'clicked' as event_type,
        clicks_of_many_links.occurred_at,
        clicks_of_many_links.link_tag,
        'many_links' as found_by
    from clicks_of_many_links
    inner join bursts
        on
            clicks_of_many_links.message_id = bursts.message_id
            and clicks_of_many_links.links = bursts.links
            and clicks_of_many_links.seconds = bursts.seconds
            and clicks_of_many_links.occurred_at >= bursts.occurred_at
            and clicks_of_many_links.occurred_at <= {{ add_seconds('bursts.occurred_at', 'bursts.seconds') }}
),

-- before the delivery too: some mailbox providers look at the links before they take the message
around_delivery as (
    select
        judged_clicks.message_id,
        'clicked' as event_type,
        judged_clicks.occurred_at,
        judged_clicks.link_tag,
        'after_delivery' as found_by
    from message_events
    inner join judged_clicks
        on
            message_events.message_id = judged_clicks.message_id
            and message_events.occurred_at <= {{ add_seconds('judged_clicks.occurred_at', 'judged_clicks.seconds') }}
            and judged_clicks.occurred_at <= {{ add_seconds('message_events.occurred_at', 'judged_clicks.seconds') }}
    where
        message_events.event_type = 'delivered'
        and judged_clicks.rule = 'after_delivery'
),

found as (
    select * from reported_by_provider
    union all
    select * from beside_a_decoy
    union all
    select * from in_a_burst
    union all
    select * from around_delivery
),

machine_events as (
    select
        message_id,
        event_type,
        link_tag,
        {{ sorted_list('found_by') }} as found_by,
        occurred_at
    from found
    group by message_id, event_type, link_tag, occurred_at
)

select
    message_id,
    event_type,
    link_tag,
    found_by,
    occurred_at
from machine_events
