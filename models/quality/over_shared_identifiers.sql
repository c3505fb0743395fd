with

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
)

select distinct
    identifier_id,
    identifier_type,
    contact_count
from contact_identifiers
where is_over_shared
