{{ config(enabled=is_connector('completejourney')) }}

with

identity_links as (
    select * from {{ source('synthetic', 'identity_links') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('linked_contact_id', 'string') }} as linked_contact_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('linked_source_system', 'string') }} as linked_source_system,
    {{ try_cast('evidence', 'string') }} as evidence,
    {{ try_cast('linked_at', 'timestamp') }} as linked_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from identity_links
