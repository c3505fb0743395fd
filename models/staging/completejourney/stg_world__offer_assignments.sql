{{ config(enabled=is_connector('completejourney')) }}

with

offer_assignments as (
    select * from {{ source('world', 'offer_assignments') }}
)

select
    {{ try_cast('source_system', 'varchar') }} as source_system,
    {{ try_cast('assignment_id', 'varchar') }} as assignment_id,
    {{ try_cast('offer_id', 'varchar') }} as offer_id,
    {{ try_cast('contact_id', 'varchar') }} as contact_id,
    {{ try_cast('decision_id', 'varchar') }} as decision_id,
    {{ try_cast('channel', 'varchar') }} as channel,
    {{ try_cast('assigned_at', 'timestamp') }} as assigned_at,
    {{ try_cast('expires_at', 'timestamp') }} as expires_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from offer_assignments
