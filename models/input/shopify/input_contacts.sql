{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
    where is_first_row
),

checkout_rows as (
    select * from {{ ref('stg_shopify__checkouts') }}
    where is_first_row
),

customers as (
    select * from {{ ref('stg_shopify__customers') }}
),

profiles as (
    select * from {{ ref('stg_klaviyo__profiles') }}
),

purchases as (
    {% for kind in ['order', 'checkout'] -%}
        select
            {{ shopify_buyer('email', 'phone') }} as contact_id,
            email,
            phone,
            country,
            postal_code,
            city,
            street_address,
            created_at,
            extracted_at,
            '{{ kind }}' as kind,
            row_number
        from {{ kind }}_rows
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The orders file names no customer: whoever bought or began to is a record of its own, as they wrote themselves last;
-- identity joins it with the customer of the same e-mail. A guest who becomes a customer keeps it.
buyers as (
    select
        *,
        min(created_at) over (partition by contact_id) as first_seen_at,
        row_number() over (
            partition by contact_id
            order by
                created_at desc nulls last, extracted_at desc nulls last, kind desc nulls last,
                row_number desc nulls last
        ) as copy_number
    from purchases
    where contact_id is not null
),

first_seen as (
    select
        {{ normalised_email('email') }} as email_key,
        min(created_at) as first_seen_at
    from purchases
    where email is not null
    group by {{ normalised_email('email') }}
),

shop as (
    select
        min(created_at) as opened_at,
        max(extracted_at) as extracted_at
    from purchases
),

-- customers have no dates: they are as old as the first purchase with their e-mail, else as the first of anybody, so
-- that nobody who has been there for years is taken for a newcomer, and no younger than the file that has them
dated_customers as (
    select
        customers.*,
        coalesce(customers.exported_at, shop.extracted_at) as extracted_at,
        least(
            coalesce(first_seen.first_seen_at, shop.opened_at), coalesce(customers.exported_at, shop.extracted_at)
        ) as first_seen_at
    from customers
    cross join shop
    left join first_seen
        on {{ normalised_email('customers.email') }} = first_seen.email_key
),

numbered_customers as (
    select
        *,
        {{ shopify_customer('is_numbered', 'customer_id', 'email', 'phone') }} as contact_id
    from dated_customers
),

-- a file of unknown age may be older than all that say it: it counts where no other has the customer
ranked_customers as (
    select
        *,
        row_number() over (
            partition by contact_id
            order by
                exported_at desc nulls last, download_number desc nulls last, row_number desc nulls last
        ) as copy_number
    from numbered_customers
),

-- of profiles deleted and made again the newest counts; a list of suppressed ones says of them only that they are there
ranked_profiles as (
    select
        *,
        {{ klaviyo_profile('profile_id', 'email') }} as contact_id,
        row_number() over (
            partition by {{ klaviyo_profile('profile_id', 'email') }}
            order by
                case when is_listed then 1 else 0 end asc nulls last,
                exported_at desc nulls last, extracted_at desc nulls last, download_number desc nulls last,
                row_number desc nulls last
        ) as copy_number
    from profiles
),

contacts as (
    select
        'shopify' as source_system,
        contact_id,
        'web_shop' as silo,
        email,
        phone,
        cast(null as string) as first_name,
        cast(null as string) as last_name,
        country,
        postal_code,
        city,
        street_address,
        first_seen_at,
        extracted_at
    from buyers
    where copy_number = 1
    union all
    -- an identifier that a spreadsheet destroyed names nobody: each such row is counted as rejected
    select
        'shopify' as source_system,
        contact_id,
        'web_shop' as silo,
        email,
        phone,
        first_name,
        last_name,
        country_code as country,
        postal_code,
        city,
        street_address,
        first_seen_at,
        extracted_at
    from ranked_customers
    where copy_number = 1 or contact_id is null
    union all
    select
        'klaviyo' as source_system,
        contact_id,
        'newsletter' as silo,
        email,
        phone,
        first_name,
        last_name,
        country,
        postal_code,
        city,
        street_address,
        created_at as first_seen_at,
        extracted_at
    from ranked_profiles
    where copy_number = 1 or contact_id is null
)

select
    source_system,
    contact_id,
    silo,
    email,
    phone,
    cast(null as timestamp) as email_verified_at,
    cast(null as timestamp) as phone_verified_at,
    first_name,
    last_name,
    cast(null as date) as birth_date,
    cast(null as string) as language_code,
    -- some files have the country's name instead of its code
    case when {{ regex_like('country', '^[A-Z]{2}$') }} then country end as country_code,
    postal_code,
    city,
    street_address,
    cast(null as string) as loyalty_card_id,
    cast(null as string) as preferred_store_id,
    cast(null as string) as time_zone,
    first_seen_at as created_at,
    {{ local_date('first_seen_at') }} as created_date,
    cast(null as timestamp) as updated_at,
    extracted_at
from contacts
