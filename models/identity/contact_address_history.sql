{#
  Kept: which address was seen at which record, as a digest. A no is about an address, and counts although the record
  holds another one today.
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

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
)

select
    contact_identifiers.source_system,
    contact_identifiers.contact_id,
    contact_identifiers.identifier_type as address_kind,
    contact_identifiers.identifier_id as address_id,
    {{ as_of_date() }} as first_as_of_date
from contact_identifiers
{% if is_incremental() -%}
    left join {{ this }} as seen_before
        on
            contact_identifiers.source_system = seen_before.source_system
            and contact_identifiers.contact_id = seen_before.contact_id
            and contact_identifiers.identifier_id = seen_before.address_id
{%- endif %}
where
    contact_identifiers.identifier_type in ('email', 'phone')
    {%- if is_incremental() %}
        and seen_before.address_id is null
    {%- endif %}
