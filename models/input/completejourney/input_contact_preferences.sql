{{ config(enabled=is_connector('completejourney')) }}

with

contact_preferences as (
    select * from {{ ref('stg_synthetic__contact_preferences') }}
),

preferences_of_the_world as (
    select * from {{ ref('stg_world__contact_preferences') }}
)

select
    source_system,
    contact_id,
    preference_type,
    preference_value,
    declared_at,
    extracted_at
from contact_preferences
union all
select
    source_system,
    contact_id,
    preference_type,
    preference_value,
    declared_at,
    extracted_at
from preferences_of_the_world
