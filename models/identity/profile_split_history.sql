{#
  Kept: when two people were first seen apart who had been taken for one. Nothing else says it: a record that goes back
  to an id which it had before adds no row to contact_profile_history.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

with

contact_profile_history as (
    select * from {{ ref('contact_profile_history') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

-- who holds the records today that had an id once
holders as (
    select distinct
        contact_profile_history.profile_id as former_profile_id,
        contact_profiles.profile_id
    from contact_profile_history
    inner join contact_profiles
        on
            contact_profile_history.source_system = contact_profiles.source_system
            and contact_profile_history.contact_id = contact_profiles.contact_id
),

shared_ids as (
    select former_profile_id
    from holders
    group by former_profile_id
    having count(*) > 1
),

holders_of_shared_ids as (
    select
        holders.former_profile_id,
        holders.profile_id
    from holders
    inner join shared_ids
        on holders.former_profile_id = shared_ids.former_profile_id
),

siblings as (
    select distinct
        ones.profile_id,
        others.profile_id as sibling_profile_id
    from holders_of_shared_ids as ones
    inner join holders_of_shared_ids as others
        on
            ones.former_profile_id = others.former_profile_id
            and ones.profile_id <> others.profile_id
)

select
    siblings.profile_id,
    siblings.sibling_profile_id,
    {{ as_of_date() }} as split_as_of_date
from siblings
{% if is_incremental() -%}
    left join {{ this }} as known_before
        on
            siblings.profile_id = known_before.profile_id
            and siblings.sibling_profile_id = known_before.sibling_profile_id
    where known_before.profile_id is null
{%- endif %}
