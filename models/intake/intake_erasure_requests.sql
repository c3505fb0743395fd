with

valid_requests as (
    {{ valid_rows('erasure_requests') | indent(4) }}
),

all_requests as (
    select * from {{ judged_input('erasure_requests') }} as input_rows
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

-- A wish to be forgotten is honoured however it is written: without a time, or with one that cannot be, it counts from the
-- extraction, else from always; without a system it means every record of that id.
unreadable_requests as (
    select
        coalesce(all_requests.source_system, contacts.source_system) as source_system,
        all_requests.contact_id,
        coalesce(
            {{ readable_stamp('all_requests.requested_at', 'all_requests.extracted_at') }},
            all_requests.extracted_at,
            cast('{{ setting("earliest_plausible_date") }}' as timestamp)
        ) as requested_at,
        all_requests.extracted_at
    from all_requests
    {{ anti_join() }} valid_requests
        on
            all_requests.source_system = valid_requests.source_system
            and all_requests.contact_id = valid_requests.contact_id
    left join contacts
        on
            all_requests.source_system is null
            and all_requests.contact_id = contacts.contact_id
    where
        all_requests.contact_id is not null
        and coalesce(all_requests.source_system, contacts.source_system) is not null
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
select distinct
    source_system,
    contact_id,
    requested_at,
    coalesce(extracted_at, requested_at) as extracted_at
from unreadable_requests
union all
select
    source_system,
    contact_id,
    requested_at,
    requested_at as extracted_at
from own_requests
