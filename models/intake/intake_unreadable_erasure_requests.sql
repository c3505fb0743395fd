-- A wish to be forgotten is honoured however it is written: without a time, or with one that cannot be, it counts from
-- the extraction, else from always; without a system it means every record of that id.
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

dated_requests as (
    select
        source_system,
        contact_id,
        coalesce(
            {{ readable_stamp('requested_at', 'extracted_at') }},
            extracted_at,
            cast('{{ setting("earliest_plausible_date") }}' as timestamp)
        ) as requested_at
    from all_requests
    where contact_id is not null
),

{{ spellings() }},

-- an id with white space around it is somebody's, too, who has it without; and a system has one name, however spelled
spelled_requests as (
    {{ each_spelling('dated_requests', ['requested_at']) }}
),

unreadable_requests as (
    select spelled_requests.*
    from spelled_requests
    {{ anti_join() }} valid_requests
        on
            spelled_requests.source_system = valid_requests.source_system
            and spelled_requests.contact_id = valid_requests.contact_id
),

requests_of_records as (
    select *
    from unreadable_requests
    where source_system is not null
    union all
    select
        contacts.source_system,
        unreadable_requests.contact_id,
        unreadable_requests.requested_at
    from unreadable_requests
    inner join contacts
        on unreadable_requests.contact_id = contacts.contact_id
    where unreadable_requests.source_system is null
)

select
    source_system,
    contact_id,
    min(requested_at) as requested_at
from requests_of_records
group by
    source_system,
    contact_id
