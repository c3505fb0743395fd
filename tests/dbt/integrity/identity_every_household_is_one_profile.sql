{{ config(enabled=is_connector('completejourney')) }}
{#
  The demo's synthetic records overlap and contradict each other, but two households never share anything that
  identifies: whatever identity makes of them, each of the 2,469 households of the data set stays a person of its own.
#}
with

transactions as (
    select * from {{ ref('stg_completejourney__transactions') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

households as (
    select distinct household_id
    from transactions
),

household_profiles as (
    select
        households.household_id,
        contact_profiles.profile_id,
        count(*) over (partition by contact_profiles.profile_id) as household_count,
        count(*) over (partition by households.household_id) as profile_count
    from households
    left join contact_profiles
        on
            households.household_id = contact_profiles.contact_id
            and contact_profiles.source_system = 'till'
)

select
    household_id,
    profile_id
from household_profiles
where profile_id is null or household_count > 1 or profile_count > 1
