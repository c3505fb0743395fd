{{ config(enabled=is_connector('completejourney')) }}

with

contact_preferences as (
    select * from {{ source('world', 'contact_preferences') }}
)

select
    {{ try_cast('contact_id', 'string') }} as contact_id,
    {{ try_cast('source_system', 'string') }} as source_system,
    {{ try_cast('preference_type', 'string') }} as preference_type,
    {{ try_cast('preference_value', 'string') }} as preference_value,
    {{ try_cast('declared_at', 'timestamp') }} as declared_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from contact_preferences
