{{ config(enabled=is_connector('completejourney')) }}

with

newsletter_subscribers as (
    select * from {{ source('synthetic', 'newsletter_subscribers') }}
)

select
    {{ try_cast('subscriber_id', 'string') }} as contact_id,
    {{ try_cast('email', 'string') }} as email,
    {{ try_cast('first_name', 'string') }} as first_name,
    {{ try_cast('last_name', 'string') }} as last_name,
    {{ try_cast('language_code', 'string') }} as language_code,
    {{ try_cast('country_code', 'string') }} as country_code,
    {{ try_cast('confirmed_at', 'timestamp') }} as email_verified_at,
    {{ try_cast('subscribed_at', 'timestamp') }} as created_at,
    {{ try_cast('updated_at', 'timestamp') }} as updated_at,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from newsletter_subscribers
