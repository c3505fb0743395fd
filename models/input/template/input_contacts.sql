{{ config(enabled=is_connector('template')) }}
-- Every record of every silo, one row each, whether or not the person bought, consented or is known elsewhere too.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as silo,
    cast(null as varchar) as email,
    cast(null as varchar) as phone,
    cast(null as timestamp) as email_verified_at,
    cast(null as timestamp) as phone_verified_at,
    cast(null as varchar) as first_name,
    cast(null as varchar) as last_name,
    cast(null as date) as birth_date,
    cast(null as varchar) as language_code,
    cast(null as varchar) as country_code,
    cast(null as varchar) as postal_code,
    cast(null as varchar) as city,
    cast(null as varchar) as street_address,
    cast(null as varchar) as loyalty_card_id,
    cast(null as varchar) as preferred_store_id,
    cast(null as varchar) as time_zone,
    cast(null as timestamp) as created_at,
    cast(null as date) as created_date,  -- local_date('created_at')
    cast(null as timestamp) as updated_at,
    cast(null as timestamp) as extracted_at
where false
