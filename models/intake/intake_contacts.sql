with

contacts as (
    select * from {{ ref('input_contacts') }}
)

select *
from contacts
