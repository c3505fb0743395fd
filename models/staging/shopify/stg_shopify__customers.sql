{{ config(enabled=is_connector('shopify')) }}

with

customers as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('shopify', 'customers') }}
)

select
    row_number,
    {{ without_apostrophe('"Customer ID"') }} is not null as is_numbered,
    {{ shopify_number('"Customer ID"') }} as customer_id,
    {{ as_is('email') }} as email,
    {{ without_apostrophe('phone') }} as phone,
    {{ as_is('"First Name"') }} as first_name,
    {{ as_is('"Last Name"') }} as last_name,
    upper(coalesce({{ as_is('"Default Address Country Code"') }}, {{ as_is('"Country Code"') }})) as country_code,
    coalesce({{ without_apostrophe('"Default Address Zip"') }}, {{ without_apostrophe('zip') }}) as postal_code,
    coalesce({{ as_is('"Default Address City"') }}, {{ as_is('city') }}) as city,
    coalesce({{ as_is('"Default Address Address1"') }}, {{ as_is('address1') }}) as street_address,
    lower(coalesce({{ as_is('"Accepts Email Marketing"') }}, {{ as_is('"Accepts Marketing"') }})) as accepts_email,
    lower({{ as_is('"Accepts SMS Marketing"') }}) as accepts_sms,
    {{ exported_at('file_name') }} as exported_at
from customers
-- files may have been joined with their headers
where coalesce(email, '') <> 'Email'
