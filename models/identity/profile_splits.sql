with

profile_split_history as (
    select * from {{ ref('profile_split_history') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
)

select
    profile_split_history.profile_id,
    profile_split_history.sibling_profile_id,
    profile_split_history.split_as_of_date
from profile_split_history
inner join contact_profiles as profiles
    on
        profile_split_history.profile_id = profiles.profile_id
        and profiles.is_oldest
inner join contact_profiles as siblings
    on
        profile_split_history.sibling_profile_id = siblings.profile_id
        and siblings.is_oldest
