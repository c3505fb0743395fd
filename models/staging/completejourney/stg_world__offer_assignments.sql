{{ config(enabled=is_connector('completejourney')) }}

with

offer_assignments as (
    select * from {{ source('world', 'offer_assignments') }}
)

select
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('assignment_id', 'string') }} as assignment_id,
    {{ try_cast('offer_id', 'string') }} as offer_id,
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('decision_id', 'string') }} as decision_id,
    {{ try_cast('channel', 'string') }} as channel,
    {{ try_cast('assigned_at', 'timestamp') }} as assigned_at,
    {{ try_cast('expires_at', 'timestamp') }} as expires_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from offer_assignments
