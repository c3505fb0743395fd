with

valid_requests as (
    {{ valid_rows('erasure_requests') | indent(4) }}
),

unreadable_requests as (
    select * from {{ ref('intake_unreadable_erasure_requests') }}
),

{# given to `make erase`; the extraction is the request #}
own_requests as (
    select * from {{ source('landing', 'erasure_requests') }}
)

select
    source_system,
    contact_id,
    requested_at,
    extracted_at
from valid_requests
union all
select
    source_system,
    contact_id,
    requested_at,
    requested_at as extracted_at
from unreadable_requests
union all
select
    source_system,
    contact_id,
    requested_at,
    requested_at as extracted_at
from own_requests
