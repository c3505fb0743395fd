{{ config(access='protected') }}
-- Whoever may be written to and was one person with somebody else before a split: a no that was said before it and
-- comes after the publication is of both.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

profile_splits as (
    select * from {{ ref('profile_splits') }}
),

people as (
    select distinct profile_id
    from permissions
)

select
    profile_splits.profile_id,
    profile_splits.sibling_profile_id,
    profile_splits.split_as_of_date
from profile_splits
inner join people
    on profile_splits.profile_id = people.profile_id
