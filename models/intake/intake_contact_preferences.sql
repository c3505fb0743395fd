with

contact_preferences as (
    select * from {{ ref('input_contact_preferences') }}
)

select *
from contact_preferences
