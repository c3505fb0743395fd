{{ config(access='protected') }}
-- Which records that are not delivered any more were whose: a wish to be forgotten that comes after the publication may
-- name one.
with

contacts as (
    select * from {{ ref('audience_contacts') }}
),

former_records as (
    select * from {{ ref('former_records') }}
),

people as (
    select distinct profile_id
    from contacts
)

select
    former_records.profile_id,
    former_records.source_system,
    former_records.contact_id
from former_records
inner join people
    on former_records.profile_id = people.profile_id
