{{ config(materialized='view') }}
-- How many messages people say are enough: the newest number of each, and the lowest that she may have said since.
-- Whose a rejected row is nobody can be sure, so it lowers, and lifts nothing.
with

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
),

doubtful_wishes as (
    select * from {{ ref('intake_doubtful_wishes') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

unknown_record_people as (
    select * from {{ ref('unknown_record_people') }}
),

wishes as (
    select
        contact_profiles.profile_id,
        preferences.declared_at,
        {{ try_cast('preferences.preference_value', 'integer') }} as max_messages
    from preferences
    inner join contact_profiles
        on
            preferences.source_system = contact_profiles.source_system
            and preferences.contact_id = contact_profiles.contact_id
    where
        preferences.preference_type = 'max_frequency'
        and {{ happened_by('preferences.declared_at') }}
),

-- of two at one instant the lower one counts
ranked_wishes as (
    select
        *,
        row_number() over (
            partition by profile_id
            order by declared_at desc nulls last, max_messages asc nulls last
        ) as newness
    from wishes
),

newest_wishes as (
    select
        profile_id,
        declared_at,
        max_messages
    from ranked_wishes
    where newness = 1
),

known_ids as (
    select distinct
        coalesce(doubtful_wishes.source_system, '') as source_system,
        doubtful_wishes.contact_id
    from doubtful_wishes
    inner join contact_profiles
        on doubtful_wishes.contact_id = contact_profiles.contact_id
    where {{ may_be_one_system('doubtful_wishes.source_system', 'contact_profiles.source_system') }}
),

wishes_of_nobody as (
    select doubtful_wishes.*
    from doubtful_wishes
    {{ anti_join() }} known_ids
        on
            coalesce(doubtful_wishes.source_system, '') = known_ids.source_system
            and doubtful_wishes.contact_id = known_ids.contact_id
),

-- of a known record, else of whose a record that is nobody's was or is said to be
doubtful_people as (
    select
        contact_profiles.profile_id,
        doubtful_wishes.max_messages,
        doubtful_wishes.said_at
    from doubtful_wishes
    inner join contact_profiles
        on
            doubtful_wishes.contact_id = contact_profiles.contact_id
            and coalesce(doubtful_wishes.source_system, contact_profiles.source_system)
            = contact_profiles.source_system
    union all
    select
        unknown_record_people.profile_id,
        wishes_of_nobody.max_messages,
        wishes_of_nobody.said_at
    from wishes_of_nobody
    inner join unknown_record_people
        on
            wishes_of_nobody.contact_id = unknown_record_people.contact_id
            and {{ may_be_one_system('wishes_of_nobody.source_system', 'unknown_record_people.source_system') }}
    where
        wishes_of_nobody.said_at is null
        or unknown_record_people.apart_since_date is null
        or {{ local_date('wishes_of_nobody.said_at') }} <= unknown_record_people.apart_since_date
),

-- said at no time that can be told: nothing is later
doubtful_wishes_since as (
    select
        doubtful_people.profile_id,
        doubtful_people.max_messages
    from doubtful_people
    left join newest_wishes
        on doubtful_people.profile_id = newest_wishes.profile_id
    where
        doubtful_people.said_at is null
        or (
            {{ happened_by('doubtful_people.said_at') }}
            and coalesce(doubtful_people.said_at >= newest_wishes.declared_at, true)
        )
),

caps as (
    select
        profile_id,
        max_messages
    from newest_wishes
    union all
    select
        profile_id,
        max_messages
    from doubtful_wishes_since
)

select
    profile_id,
    min(max_messages) as max_messages_30_days
from caps
group by profile_id
