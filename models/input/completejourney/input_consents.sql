{{ config(enabled=is_connector('completejourney')) }}

with

consents as (
    select * from {{ ref('stg_synthetic__consents') }}
)

select
    source_system,
    contact_id,
    channel,
    purpose,
    status,
    cast(null as string) as address,
    changed_at,
    evidence_reference,
    double_opt_in_confirmed_at,
    extracted_at
from consents
