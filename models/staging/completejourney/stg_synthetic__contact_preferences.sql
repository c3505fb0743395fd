{{ config(enabled=is_connector('completejourney')) }}

with

contact_preferences as (
    select * from {{ source('synthetic', 'contact_preferences') }}
)

select
    {{ try_cast('contact_id', 'varchar') }} as contact_id,
    {{ try_cast('source_system', 'varchar') }} as source_system,
    {{ try_cast('preference_type', 'varchar') }} as preference_type,
    {{ try_cast('preference_value', 'varchar') }} as preference_value,
    {{ try_cast('declared_at', 'timestamp') }} as declared_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from contact_preferences
