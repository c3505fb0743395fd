{{ config(enabled=is_connector('completejourney')) }}

with

callers as (
    select * from {{ source('synthetic', 'callers') }}
)

select
    {{ try_cast('caller_id', 'string') }} as contact_id,
    {{ try_cast('phone', 'string') }} as phone,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('postal_code', 'string') }} as postal_code,
    {{ try_cast('city', 'string') }} as city,
    {{ try_cast('first_called_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from callers
