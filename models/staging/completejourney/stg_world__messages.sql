{{ config(enabled=is_connector('completejourney')) }}

with

messages as (
    select * from {{ source('world', 'messages') }}
)

select
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('message_id', 'string') }} as message_id,
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('campaign_id', 'string') }} as campaign_id,
    {{ try_cast('decision_id', 'string') }} as decision_id,
    {{ try_cast('channel', 'string') }} as channel,
    {{ try_cast('variant', 'string') }} as variant,
    {{ try_cast('cost_amount', 'decimal(18,2)') }} as cost_amount,
    {{ try_cast('sent_at', 'timestamp') }} as sent_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from messages
