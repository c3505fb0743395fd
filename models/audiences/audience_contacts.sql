{{ config(access='protected') }}
-- Which contact records are whose: a no that comes after the publication names a record.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

people as (
    select distinct profile_id
    from permissions
)

select
    contact_profiles.profile_id,
    contact_profiles.source_system,
    contact_profiles.contact_id
from contact_profiles
inner join people
    on contact_profiles.profile_id = people.profile_id
