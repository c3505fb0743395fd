with

stores as (
    select * from {{ ref('intake_stores') }}
)

select
    store_id,
    source_system,
    store_name,
    store_type,
    region,
    opened_date
from stores
