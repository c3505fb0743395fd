{{ config(materialized='view') }}
-- At which hour of the day people say that they want to be written to; the newest word of each counts.
with

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

ranked_preferences as (
    {{ ranked_preferences(['send_time']) }}
),

declared as (
    select
        profile_id,
        {{ declared_hour('preference_value') }} as send_hour
    from ranked_preferences
    where newness = 1
)

select
    profile_id,
    send_hour
from declared
where send_hour between 0 and 23
