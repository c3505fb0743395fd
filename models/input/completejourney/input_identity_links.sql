{{ config(enabled=is_connector('completejourney')) }}

with

identity_links as (
    select * from {{ ref('stg_synthetic__identity_links') }}
)

select
    source_system,
    contact_id,
    linked_source_system,
    linked_contact_id,
    cast(null as string) as link_type,
    evidence,
    linked_at,
    extracted_at
from identity_links
