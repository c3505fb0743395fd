{{ config(enabled=is_connector('shopify')) }}

with

events as (
    select * from {{ ref('stg_klaviyo__events') }}
),

metrics as (
    select * from {{ ref('stg_klaviyo__metrics') }}
),

{{ klaviyo_events() }},

-- what was received was sent, and so was what bounced; an event says that a message was dropped
messages as (
    select
        message_id,
        person_id,
        channel,
        case when flow_message_id is null then campaign_id end as campaign_id,
        max(variant) as variant,
        min(sent_at) as sent_at,
        max(extracted_at) as extracted_at
    from klaviyo_events
    where
        message_id is not null
        and event_type in ('delivered', 'bounced_hard', 'bounced_soft', 'not_sent')
    group by
        message_id,
        person_id,
        channel,
        case when flow_message_id is null then campaign_id end
)

select
    'klaviyo' as source_system,
    message_id,
    person_id as contact_id,
    channel,
    campaign_id,
    cast(null as string) as decision_id,
    variant,
    -- flows send receipts too, and nothing tells them from the others
    cast(null as string) as message_kind,
    sent_at,
    {{ local_date('sent_at') }} as sent_date,
    cast(null as decimal(18,2)) as cost_amount,
    extracted_at
from messages
