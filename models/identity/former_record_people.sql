-- Of records that nobody has today, the people whose each was: whoever had an id that it had.
with

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_profile_history as (
    select * from {{ ref('contact_profile_history') }}
),

profile_split_history as (
    select * from {{ ref('profile_split_history') }}
),

ids_of_records as (
    select
        source_system,
        contact_id,
        profile_id,
        first_as_of_date,
        max(first_as_of_date) over (partition by source_system, contact_id) as last_as_of_date
    from contact_profile_history
),

gone_ids as (
    select ids_of_records.*
    from ids_of_records
    {{ anti_join() }} contact_profiles
        on
            ids_of_records.source_system = contact_profiles.source_system
            and ids_of_records.contact_id = contact_profiles.contact_id
),

-- Two ids of its own were told apart after it was last seen with a new one: it went with either, and nothing says with
-- which, since a record that goes back to an id which it had before adds no row to the history.
undecided_records as (
    select distinct
        gone_ids.source_system,
        gone_ids.contact_id
    from gone_ids
    inner join profile_split_history
        on gone_ids.profile_id = profile_split_history.profile_id
    inner join gone_ids as other_ids
        on
            gone_ids.source_system = other_ids.source_system
            and gone_ids.contact_id = other_ids.contact_id
            and profile_split_history.sibling_profile_id = other_ids.profile_id
    where profile_split_history.split_as_of_date > gone_ids.last_as_of_date
),

-- whoever had an id once that it had is the same person, unless they were seen apart: by a build that knew them both,
-- or because the record has gone on to another id
people as (
    select
        gone_ids.source_system,
        gone_ids.contact_id,
        contact_profiles.profile_id,
        gone_ids.last_as_of_date,
        case
            when undecided_records.contact_id is not null then null
            when profile_split_history.split_as_of_date is not null then profile_split_history.split_as_of_date
            when gone_ids.first_as_of_date < gone_ids.last_as_of_date then gone_ids.last_as_of_date
        end as apart_since_date
    from gone_ids
    inner join contact_profile_history
        on gone_ids.profile_id = contact_profile_history.profile_id
    inner join contact_profiles
        on
            contact_profile_history.source_system = contact_profiles.source_system
            and contact_profile_history.contact_id = contact_profiles.contact_id
    left join profile_split_history
        on
            gone_ids.profile_id = profile_split_history.profile_id
            and contact_profiles.profile_id = profile_split_history.sibling_profile_id
    left join undecided_records
        on
            gone_ids.source_system = undecided_records.source_system
            and gone_ids.contact_id = undecided_records.contact_id
),

owners as (
    select
        source_system,
        contact_id,
        profile_id,
        max(last_as_of_date) as last_as_of_date,
        case when count(*) = count(apart_since_date) then max(apart_since_date) end as apart_since_date
    from people
    group by
        source_system,
        contact_id,
        profile_id
),

-- it may have been each of those who were told apart after it was last seen with a new id: whether it was still there
-- then, nothing says
counted_owners as (
    select
        *,
        sum(case when apart_since_date is null or apart_since_date > last_as_of_date then 1 else 0 end) over (
            partition by source_system, contact_id
        ) as possible_owners
    from owners
)

select
    source_system,
    contact_id,
    profile_id,
    apart_since_date,
    apart_since_date is null and possible_owners = 1 as is_certain
from counted_owners
