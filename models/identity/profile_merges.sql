with

contact_profile_history as (
    select * from {{ ref('contact_profile_history') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
),

-- records that still exist, with an id they once had that names nobody any more
former_records as (
    select
        former.profile_id as old_profile_id,
        contact_profiles.profile_id as new_profile_id,
        contact_records.contact_key = former.profile_id as gave_old_id,
        former.first_as_of_date as old_since_date,
        held_now.first_as_of_date as new_since_date
    from contact_profile_history as former
    inner join contact_profiles
        on
            former.source_system = contact_profiles.source_system
            and former.contact_id = contact_profiles.contact_id
    inner join contact_records
        on
            former.source_system = contact_records.source_system
            and former.contact_id = contact_records.contact_id
    inner join contact_profile_history as held_now
        on
            contact_profiles.source_system = held_now.source_system
            and contact_profiles.contact_id = held_now.contact_id
            and contact_profiles.profile_id = held_now.profile_id
    left join contact_profiles as named_now
        on former.profile_id = named_now.profile_id and named_now.is_oldest
    where named_now.profile_id is null
),

candidates as (
    select
        old_profile_id,
        new_profile_id,
        max(case when gave_old_id then 1 else 0 end) as has_record_that_gave_old_id,
        count(*) as former_record_count,
        max(old_since_date) as old_since_date,
        min(new_since_date) as new_since_date
    from former_records
    group by
        old_profile_id,
        new_profile_id
),

ranked_candidates as (
    select
        *,
        row_number() over (
            partition by old_profile_id
            order by
                has_record_that_gave_old_id desc nulls last,
                former_record_count desc nulls last,
                new_profile_id asc nulls last
        ) as place
    from candidates
)

select
    old_profile_id,
    new_profile_id,
    -- records may have had the new id once before they had the old one
    greatest(old_since_date, new_since_date) as merged_as_of_date
from ranked_candidates
where place = 1
