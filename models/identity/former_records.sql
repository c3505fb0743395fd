-- Whose a record was that is not delivered any more: shops delete a record and send its wish to be forgotten.
with

contact_profile_history as (
    select * from {{ ref('contact_profile_history') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
),

gone_records as (
    select
        contact_profile_history.source_system,
        contact_profile_history.contact_id,
        contact_profile_history.profile_id,
        row_number() over (
            partition by contact_profile_history.source_system, contact_profile_history.contact_id
            order by
                contact_profile_history.first_as_of_date desc nulls last,
                contact_profile_history.profile_id asc nulls last
        ) as place
    from contact_profile_history
    {{ anti_join() }} contact_profiles
        on
            contact_profile_history.source_system = contact_profiles.source_system
            and contact_profile_history.contact_id = contact_profiles.contact_id
),

-- the id it had last, or the one that carries on for it
last_ids as (
    select
        gone_records.source_system,
        gone_records.contact_id,
        coalesce(profile_merges.new_profile_id, gone_records.profile_id) as profile_id
    from gone_records
    left join profile_merges
        on gone_records.profile_id = profile_merges.old_profile_id
    where gone_records.place = 1
)

select
    last_ids.source_system,
    last_ids.contact_id,
    last_ids.profile_id
from last_ids
inner join contact_profiles
    on
        last_ids.profile_id = contact_profiles.profile_id
        and contact_profiles.is_oldest
