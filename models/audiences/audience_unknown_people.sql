{{ config(access='protected') }}
-- Records that are nobody's, and the people whose each was or is said to be: a no of theirs that comes after the
-- publication is of these people.
with

contacts as (
    select * from {{ ref('audience_contacts') }}
),

unknown_record_people as (
    select * from {{ ref('unknown_record_people') }}
),

people as (
    select distinct profile_id
    from contacts
)

select
    unknown_record_people.source_system,
    unknown_record_people.contact_id,
    unknown_record_people.profile_id,
    unknown_record_people.apart_since_date
from unknown_record_people
inner join people
    on unknown_record_people.profile_id = people.profile_id
