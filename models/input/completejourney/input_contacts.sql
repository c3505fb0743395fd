{{ config(enabled=is_connector('completejourney')) }}

with

till_members as (
    select * from {{ ref('stg_synthetic__till_members') }}
),

web_accounts as (
    select * from {{ ref('stg_synthetic__web_accounts') }}
),

newsletter_subscribers as (
    select * from {{ ref('stg_synthetic__newsletter_subscribers') }}
),

app_users as (
    select * from {{ ref('stg_synthetic__app_users') }}
),

callers as (
    select * from {{ ref('stg_synthetic__callers') }}
),

social_contacts as (
    select * from {{ ref('stg_synthetic__social_contacts') }}
),

contacts as (
    select
        'till' as source_system,
        contact_id,
        email,
        phone,
        cast(null as timestamp) as email_verified_at,
        cast(null as timestamp) as phone_verified_at,
        first_name,
        last_name,
        birth_date,
        language_code,
        country_code,
        postal_code,
        city,
        street_address,
        loyalty_card_id,
        preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from till_members

    union all

    select
        'web_shop' as source_system,
        contact_id,
        email,
        phone,
        email_verified_at,
        cast(null as timestamp) as phone_verified_at,
        first_name,
        last_name,
        birth_date,
        language_code,
        country_code,
        postal_code,
        city,
        street_address,
        loyalty_card_id,
        cast(null as string) as preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from web_accounts

    union all

    select
        'newsletter' as source_system,
        contact_id,
        email,
        cast(null as string) as phone,
        email_verified_at,
        cast(null as timestamp) as phone_verified_at,
        first_name,
        last_name,
        cast(null as date) as birth_date,
        language_code,
        country_code,
        cast(null as string) as postal_code,
        cast(null as string) as city,
        cast(null as string) as street_address,
        cast(null as string) as loyalty_card_id,
        cast(null as string) as preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from newsletter_subscribers

    union all

    select
        'app' as source_system,
        contact_id,
        email,
        phone,
        cast(null as timestamp) as email_verified_at,
        phone_verified_at,
        first_name,
        last_name,
        birth_date,
        language_code,
        country_code,
        cast(null as string) as postal_code,
        cast(null as string) as city,
        cast(null as string) as street_address,
        loyalty_card_id,
        preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from app_users

    union all

    select
        'call_centre' as source_system,
        contact_id,
        cast(null as string) as email,
        phone,
        cast(null as timestamp) as email_verified_at,
        cast(null as timestamp) as phone_verified_at,
        first_name,
        last_name,
        cast(null as date) as birth_date,
        language_code,
        country_code,
        postal_code,
        city,
        cast(null as string) as street_address,
        cast(null as string) as loyalty_card_id,
        cast(null as string) as preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from callers

    union all

    select
        'social' as source_system,
        contact_id,
        email,
        phone,
        cast(null as timestamp) as email_verified_at,
        cast(null as timestamp) as phone_verified_at,
        first_name,
        last_name,
        birth_date,
        language_code,
        country_code,
        cast(null as string) as postal_code,
        cast(null as string) as city,
        cast(null as string) as street_address,
        cast(null as string) as loyalty_card_id,
        cast(null as string) as preferred_store_id,
        created_at,
        updated_at,
        extracted_at
    from social_contacts
)

select
    source_system,
    contact_id,
    -- each silo of the demo is one system
    source_system as silo,
    email,
    phone,
    email_verified_at,
    phone_verified_at,
    first_name,
    last_name,
    birth_date,
    language_code,
    country_code,
    postal_code,
    city,
    street_address,
    loyalty_card_id,
    preferred_store_id,
    cast(null as string) as time_zone,
    created_at,
    {{ local_date('created_at') }} as created_date,
    updated_at,
    extracted_at
from contacts
