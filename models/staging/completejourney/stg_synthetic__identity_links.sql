{{ config(enabled=is_connector('completejourney')) }}

with

identity_links as (
    select * from {{ source('synthetic', 'identity_links') }}
)

select
    {{ try_cast('contact_id', 'varchar') }} as contact_id,
    {{ try_cast('linked_contact_id', 'varchar') }} as linked_contact_id,
    {{ try_cast('source_system', 'varchar') }} as source_system,
    {{ try_cast('linked_source_system', 'varchar') }} as linked_source_system,
    {{ try_cast('evidence', 'varchar') }} as evidence,
    {{ try_cast('linked_at', 'timestamp') }} as linked_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from identity_links
