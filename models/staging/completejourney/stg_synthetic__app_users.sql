{{ config(enabled=is_connector('completejourney')) }}

with

app_users as (
    select * from {{ source('synthetic', 'app_users') }}
)

select
    {{ try_cast('app_user_id', 'string') }} as contact_id,
    {{ try_cast('loyalty_card_id', 'string') }} as loyalty_card_id,
    {{ try_cast('preferred_store_id', 'string') }} as preferred_store_id,
    {{ try_cast('email', 'string') }} as email,
    {{ try_cast('phone', 'string') }} as phone,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('birth_date', 'date') }} as birth_date,
    {{ try_cast('phone_verified_at', 'timestamp') }} as phone_verified_at,
    {{ try_cast('installed_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from app_users
