{{ config(enabled=is_connector('completejourney')) }}

with

erasure_requests as (
    select * from {{ ref('stg_synthetic__erasure_requests') }}
)

select
    source_system,
    contact_id,
    requested_at,
    extracted_at
from erasure_requests
