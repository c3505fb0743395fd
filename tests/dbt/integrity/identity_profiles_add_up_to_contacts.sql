{# Every valid contact record is in exactly one profile, and every profile has exactly one oldest record. #}
with

valid_contacts as (
    select count(*) as contact_count from {{ ref('intake_contacts') }}
),

assigned_contacts as (
    select
        count(*) as contact_count,
        coalesce(sum(case when is_oldest then 1 else 0 end), 0) as profile_count
    from {{ ref('contact_profiles') }}
),

persons as (
    select
        coalesce(sum(contact_count), 0) as contact_count,
        count(*) as profile_count
    from {{ ref('profiles') }}
)

select
    valid_contacts.contact_count as valid_contacts,
    assigned_contacts.contact_count as assigned_contacts,
    persons.contact_count as contacts_of_profiles,
    assigned_contacts.profile_count as oldest_records,
    persons.profile_count as profiles
from valid_contacts
cross join assigned_contacts
cross join persons
where
    valid_contacts.contact_count <> assigned_contacts.contact_count
    or valid_contacts.contact_count <> persons.contact_count
    or assigned_contacts.profile_count <> persons.profile_count
