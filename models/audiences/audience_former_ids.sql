{{ config(access='protected') }}
-- Under which ids people were known before: a platform may have received them under one of these.
with

profile_merges as (
    select * from {{ ref('profile_merges') }}
)

select
    old_profile_id as former_profile_id,
    new_profile_id as profile_id
from profile_merges
