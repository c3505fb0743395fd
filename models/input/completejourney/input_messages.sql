{{ config(enabled=is_connector('completejourney')) }}

with

messages as (
    select * from {{ ref('stg_synthetic__messages') }}
),

-- what the simulated provider sent for us carries the decision it carries out
messages_of_the_world as (
    select * from {{ ref('stg_world__messages') }}
)

-- newsletters and what scenarios send: the demo has no confirmation
select
    source_system,
    message_id,
    contact_id,
    channel,
    campaign_id,
    cast(null as string) as decision_id,
    variant,
    'marketing' as message_kind,
    sent_at,
    {{ local_date('sent_at') }} as sent_date,
    cost_amount,
    extracted_at
from messages
union all
select
    source_system,
    message_id,
    contact_id,
    channel,
    campaign_id,
    decision_id,
    variant,
    'marketing' as message_kind,
    sent_at,
    {{ local_date('sent_at') }} as sent_date,
    cost_amount,
    extracted_at
from messages_of_the_world
