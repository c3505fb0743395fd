-- Whose a record was that nobody has today, where that is one person for certain: shops delete a record and send its
-- wish to be forgotten. Of several of whom each may have had it nobody is forgotten.
with

former_record_people as (
    select * from {{ ref('former_record_people') }}
)

select
    source_system,
    contact_id,
    profile_id
from former_record_people
where is_certain
