{{ config(enabled=is_connector('completejourney')) }}

with

consents as (
    select * from {{ source('synthetic', 'consents') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('channel', 'string') }} as channel,
    {{ try_cast('purpose', 'string') }} as purpose,
    {{ try_cast('status', 'string') }} as status,
    {{ try_cast('evidence_reference', 'string') }} as evidence_reference,
    {{ try_cast('changed_at', 'timestamp') }} as changed_at,
    {{ try_cast('double_opt_in_confirmed_at', 'timestamp') }} as double_opt_in_confirmed_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from consents
