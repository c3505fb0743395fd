with

contacts as (
    select * from {{ ref('intake_contacts') }}
)

select
    source_system,
    contact_id,
    {{ hash_id(['source_system', 'contact_id']) }} as contact_key,
    silo,
    -- seniority names profiles: the oldest record keeps its number's order whatever younger records join
    cast(row_number() over (
        order by created_at asc nulls last, source_system asc nulls last, contact_id asc nulls last
    ) as bigint) as seniority,
    created_date,
    created_at
from contacts
