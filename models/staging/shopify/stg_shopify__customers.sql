{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('shopify', 'customers') }}
),

customers as (
    select
        row_number,
        {{ without_apostrophe(adapter.quote('Customer ID')) }} is not null as has_number,
        {{ shopify_number(adapter.quote('Customer ID')) }} as customer_id,
        {{ as_is('email') }} as email,
        {{ normalised_email('email') }} as email_key,
        {{ without_apostrophe('phone') }} as phone,
        {{ as_is(adapter.quote('First Name')) }} as first_name,
        {{ as_is(adapter.quote('Last Name')) }} as last_name,
        upper(coalesce(
            {{ as_is(adapter.quote('Default Address Country Code')) }},
            {{ as_is(adapter.quote('Country Code')) }}
        )) as country_code,
        coalesce(
            {{ without_apostrophe(adapter.quote('Default Address Zip')) }},
            {{ without_apostrophe('zip') }}
        ) as postal_code,
        coalesce({{ as_is(adapter.quote('Default Address City')) }}, {{ as_is('city') }}) as city,
        coalesce({{ as_is(adapter.quote('Default Address Address1')) }}, {{ as_is('address1') }}) as street_address,
        lower(coalesce(
            {{ as_is(adapter.quote('Accepts Email Marketing')) }},
            {{ as_is(adapter.quote('Accepts Marketing')) }}
        )) as accepts_email,
        lower({{ as_is(adapter.quote('Accepts SMS Marketing')) }}) as accepts_sms,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from numbered_rows
    -- files may have been joined with their headers
    where coalesce(email, '') <> 'Email'
),

-- old files have no number, and a spreadsheet destroys it: it is the one that another file gives the same e-mail
known_numbers as (
    select
        *,
        case
            when customer_id is null and email_key is not null then min(customer_id) over (partition by email_key)
        end as number_of_email
    from customers
)

select
    row_number,
    has_number or number_of_email is not null as is_numbered,
    coalesce(customer_id, number_of_email) as customer_id,
    email,
    phone,
    first_name,
    last_name,
    country_code,
    postal_code,
    city,
    street_address,
    accepts_email,
    accepts_sms,
    download_number,
    exported_at
from known_numbers
