{{ config(enabled=is_connector('completejourney')) }}

with

web_accounts as (
    select * from {{ source('synthetic', 'web_accounts') }}
)

select
    {{ try_cast('account_id', 'varchar') }} as contact_id,
    {{ try_cast('loyalty_card_id', 'varchar') }} as loyalty_card_id,
    {{ try_cast('login_email', 'varchar') }} as email,
    {{ try_cast('phone', 'varchar') }} as phone,
    {{ try_cast('first_name', 'varchar') }} as first_name,
    {{ try_cast('last_name', 'varchar') }} as last_name,
    {{ try_cast('language_code', 'varchar') }} as language_code,
    {{ try_cast('country_code', 'varchar') }} as country_code,
    {{ try_cast('postal_code', 'varchar') }} as postal_code,
    {{ try_cast('city', 'varchar') }} as city,
    {{ try_cast('street_address', 'varchar') }} as street_address,
    {{ try_cast('birth_date', 'date') }} as birth_date,
    {{ try_cast('email_verified_at', 'timestamp') }} as email_verified_at,
    {{ try_cast('created_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from web_accounts
