{{ config(materialized='view') }}
-- At which hour of the day people say that they want to be written to; the newest word of each counts.
with

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

declared as (
    select
        contact_profiles.profile_id,
        {{ try_cast("split_part(preferences.preference_value, ':', 1)", 'integer') }} as send_hour,
        row_number() over (
            partition by contact_profiles.profile_id
            order by preferences.declared_at desc nulls last, preferences.preference_value asc nulls last
        ) as newness
    from preferences
    inner join contact_profiles
        on
            preferences.source_system = contact_profiles.source_system
            and preferences.contact_id = contact_profiles.contact_id
    where
        {{ happened_by('preferences.declared_at') }}
        and preferences.preference_type = 'send_time'
)

select
    profile_id,
    send_hour
from declared
where
    newness = 1
    and send_hour between 0 and 23
