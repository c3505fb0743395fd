{{ config(access='protected') }}
-- Which contact records are whose: a no that comes after the publication names a record.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

held_addresses as (
    select * from {{ ref('audience_held_addresses') }}
),

siblings as (
    select * from {{ ref('audience_siblings') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

-- whoever may be written to, and whose no may be about an address of theirs or was theirs before a split
people as (
    select profile_id
    from permissions
    union
    select profile_id
    from held_addresses
    union
    select sibling_profile_id as profile_id
    from siblings
)

select
    contact_profiles.profile_id,
    contact_profiles.source_system,
    contact_profiles.contact_id,
    -- a number without a prefix is read with the country of its record
    contacts.country_code
from contact_profiles
inner join people
    on contact_profiles.profile_id = people.profile_id
left join contacts
    on
        contact_profiles.source_system = contacts.source_system
        and contact_profiles.contact_id = contacts.contact_id
