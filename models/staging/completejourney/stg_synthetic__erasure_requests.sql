{{ config(enabled=is_connector('completejourney')) }}

with

erasure_requests as (
    select * from {{ source('synthetic', 'erasure_requests') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('requested_at', 'timestamp') }} as requested_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from erasure_requests
