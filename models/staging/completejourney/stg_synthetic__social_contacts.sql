{{ config(enabled=is_connector('completejourney')) }}

with

social_contacts as (
    select * from {{ source('synthetic', 'social_contacts') }}
)

select
    {{ try_cast('entrant_id', 'string') }} as contact_id,
    {{ try_cast('email', 'string') }} as email,
    {{ try_cast('phone', 'string') }} as phone,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('birth_date', 'date') }} as birth_date,
    {{ try_cast('entered_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from social_contacts
