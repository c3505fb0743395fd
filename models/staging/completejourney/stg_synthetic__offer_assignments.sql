{{ config(enabled=is_connector('completejourney')) }}

with

offer_assignments as (
    select * from {{ source('synthetic', 'offer_assignments') }}
)

select
    {{ try_cast('assignment_id', 'string') }} as assignment_id,
    {{ try_cast('offer_id', 'string') }} as offer_id,
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('channel', 'string') }} as channel,
    {{ try_cast('assigned_at', 'timestamp') }} as assigned_at,
    {{ try_cast('expires_at', 'timestamp') }} as expires_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from offer_assignments
