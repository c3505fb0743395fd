with

message_totals as (
    select * from {{ ref('intake_message_totals') }}
)

select
    campaign_id,
    source_system,
    event_type,
    event_count,
    event_date
from message_totals
