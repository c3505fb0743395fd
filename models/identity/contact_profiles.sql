with

contacts as (
    select * from {{ ref('intake_contacts') }}
)

select
    source_system,
    contact_id,
    {{ hash_id(['source_system', 'contact_id']) }} as profile_id,
    true as is_oldest,
    created_at,
    created_date
from contacts
