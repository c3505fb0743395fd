{{ config(enabled=is_connector('completejourney')) }}

with

messages as (
    select * from {{ source('world', 'messages') }}
)

select
    {{ try_cast('source_system', 'varchar') }} as source_system,
    {{ try_cast('message_id', 'varchar') }} as message_id,
    {{ try_cast('contact_id', 'varchar') }} as contact_id,
    {{ try_cast('campaign_id', 'varchar') }} as campaign_id,
    {{ try_cast('decision_id', 'varchar') }} as decision_id,
    {{ try_cast('channel', 'varchar') }} as channel,
    {{ try_cast('variant', 'varchar') }} as variant,
    {{ try_cast('cost_amount', 'decimal(18,2)') }} as cost_amount,
    {{ try_cast('sent_at', 'timestamp') }} as sent_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from messages
