{#
  Kept: the project's memory of who was whom. A profile id that is gone can only be carried on when it is known which
  records it once stood for.
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

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
)

select
    contact_profiles.source_system,
    contact_profiles.contact_id,
    contact_profiles.profile_id,
    {{ as_of_date() }} as first_as_of_date
from contact_profiles
{% if is_incremental() -%}
    left join {{ this }} as held_before
        on
            contact_profiles.source_system = held_before.source_system
            and contact_profiles.contact_id = held_before.contact_id
            and contact_profiles.profile_id = held_before.profile_id
    where held_before.profile_id is null
{%- endif %}
