with

-- rejected rows too: a no that cannot be read may name the address it is about
consents as (
    select * from {{ judged_input('consents') }} as delivered
),

rejected_addresses as (
    select * from {{ ref('intake_rejected_addresses') }}
)

select
    source_system,
    contact_id,
    address
from consents
where address is not null
union
select
    source_system,
    contact_id,
    address
from rejected_addresses
