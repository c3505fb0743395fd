-- The addresses of contact records that intake rejected: such a record is nobody, but a no that it said may be the no
-- of somebody else who holds its address.
with

contacts as (
    select * from {{ judged_input('contacts') }} as delivered
),

rejected_contacts as (
    select distinct
        source_system,
        contact_id
    from {{ ref('rejected_contacts') }}
    where
        is_row_rejected
        and reason <> 'duplicate_key'
),

rejected_records as (
    select
        rejected_contacts.source_system,
        rejected_contacts.contact_id,
        contacts.email,
        contacts.phone
    from contacts
    inner join rejected_contacts
        on
            contacts.source_system = rejected_contacts.source_system
            and contacts.contact_id = rejected_contacts.contact_id
)

select
    source_system,
    contact_id,
    email as address
from rejected_records
where email is not null
union
select
    source_system,
    contact_id,
    phone as address
from rejected_records
where phone is not null
