{{ config(materialized='view') }}

with

decisions as (
    select * from {{ source('memory', 'decisions') }}
),

scenario_entries as (
    select * from {{ source('memory', 'scenario_entries') }}
),

suppressions as (
    select * from {{ ref('suppressions') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
),

profile_splits as (
    select * from {{ ref('profile_splits') }}
),

-- ids of today, and those that memory knows
known_ids as (
    select profile_id
    from profiles
    union
    select profile_id
    from decisions
    union
    select profile_id
    from scenario_entries
    union
    select profile_id
    from suppressions
),

-- whose past it is today: of whoever carries on the id
carried_on as (
    select
        known_ids.profile_id as remembered_id,
        coalesce(profile_merges.new_profile_id, known_ids.profile_id) as profile_id
    from known_ids
    left join profile_merges
        on known_ids.profile_id = profile_merges.old_profile_id
),

-- and, until then, of whoever was one person with them before a split
heirs as (
    select
        remembered_id,
        profile_id,
        cast(null as date) as until_date
    from carried_on
    union all
    select
        carried_on.remembered_id,
        profile_splits.profile_id,
        profile_splits.split_as_of_date as until_date
    from carried_on
    inner join profile_splits
        on carried_on.profile_id = profile_splits.sibling_profile_id
)

select
    remembered_id,
    profile_id,
    until_date
from heirs
