{#
  Records that share an identifier are one person. When they are not, the chain between them is longer than the rounds
  of contact_profiles reach: raise the setting identity_rounds (each round doubles the length of the chains that are
  joined).
#}
with

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

torn_identifiers as (
    select contact_identifiers.identifier_id
    from contact_identifiers
    inner join contact_profiles
        on
            contact_identifiers.source_system = contact_profiles.source_system
            and contact_identifiers.contact_id = contact_profiles.contact_id
    where not contact_identifiers.is_over_shared
    group by contact_identifiers.identifier_id
    having min(contact_profiles.profile_id) <> max(contact_profiles.profile_id)
)

select
    identifier_id,
    'One person has several profiles: raise the setting identity_rounds (now {{ setting("identity_rounds") }}).'
        as what_to_do
from torn_identifiers
