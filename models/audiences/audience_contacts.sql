{{ config(access='protected') }}
-- Which contact records are whose: a no that comes after the publication names a record.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

shared_addresses as (
    select * from {{ ref('audience_shared_addresses') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

-- whoever may be written to, and whose no is about an address of theirs
people as (
    select profile_id
    from permissions
    union
    select profile_id
    from shared_addresses
)

select
    contact_profiles.profile_id,
    contact_profiles.source_system,
    contact_profiles.contact_id
from contact_profiles
inner join people
    on contact_profiles.profile_id = people.profile_id
