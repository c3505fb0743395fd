{{ config(enabled=is_connector('completejourney')) }}

with

web_accounts as (
    select * from {{ source('synthetic', 'web_accounts') }}
)

select
    {{ try_cast('account_id', 'string') }} as contact_id,
    {{ try_cast('loyalty_card_id', 'string') }} as loyalty_card_id,
    {{ try_cast('login_email', 'string') }} as email,
    {{ try_cast('phone', 'string') }} as phone,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('postal_code', 'string') }} as postal_code,
    {{ try_cast('city', 'string') }} as city,
    {{ try_cast('street_address', 'string') }} as street_address,
    {{ try_cast('birth_date', 'date') }} as birth_date,
    {{ try_cast('email_verified_at', 'timestamp') }} as email_verified_at,
    {{ try_cast('created_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from web_accounts
