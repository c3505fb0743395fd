{{ config(enabled=is_connector('completejourney')) }}

with

callers as (
    select * from {{ source('synthetic', 'callers') }}
)

select
    {{ try_cast('caller_id', 'varchar') }} as contact_id,
    {{ try_cast('phone', 'varchar') }} as phone,
    {{ try_cast('first_name', 'varchar') }} as first_name,
    {{ try_cast('last_name', 'varchar') }} as last_name,
    {{ try_cast('language_code', 'varchar') }} as language_code,
    {{ try_cast('country_code', 'varchar') }} as country_code,
    {{ try_cast('postal_code', 'varchar') }} as postal_code,
    {{ try_cast('city', 'varchar') }} as city,
    {{ try_cast('first_called_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from callers
