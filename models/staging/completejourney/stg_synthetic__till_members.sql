{{ config(enabled=is_connector('completejourney')) }}

with

till_members as (
    select * from {{ source('synthetic', 'till_members') }}
)

select
    {{ try_cast('household_id', 'string') }} as contact_id,
    {{ try_cast('loyalty_card_id', 'string') }} as loyalty_card_id,
    {{ try_cast('preferred_store_id', 'string') }} as preferred_store_id,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('email', 'string') }} as email,
    {{ try_cast('phone', 'string') }} as phone,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('postal_code', 'string') }} as postal_code,
    {{ try_cast('city', 'string') }} as city,
    {{ try_cast('street_address', 'string') }} as street_address,
    {{ try_cast('birth_date', 'date') }} as birth_date,
    {{ try_cast('enrolled_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from till_members
