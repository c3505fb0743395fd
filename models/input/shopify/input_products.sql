{{ config(enabled=is_connector('shopify')) }}

with

products as (
    select * from {{ ref('stg_shopify__products') }}
),

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
),

newest_order_file as (
    select max(extracted_at) as extracted_at
    from order_rows
),

-- the products file knows more; what it no longer has was sold under the name in the orders
known_products as (
    select
        products.sku as product_id,
        products.product_name,
        products.brand,
        products.product_type,
        products.product_category,
        coalesce(products.exported_at, newest_order_file.extracted_at) as extracted_at,
        products.download_number,
        products.row_number,
        1 as priority
    from products
    cross join newest_order_file
    union all
    select
        {{ shopify_product('sku', 'product_name') }} as product_id,
        product_name,
        vendor as brand,
        cast(null as string) as product_type,
        cast(null as string) as product_category,
        extracted_at,
        cast(null as integer) as download_number,
        row_number,
        2 as priority
    from order_rows
    where not {{ is_no_goods('product_name') }}
),

ranked_products as (
    select
        *,
        row_number() over (
            partition by product_id
            order by
                priority asc nulls last, extracted_at desc nulls last, download_number desc nulls last,
                row_number desc nulls last
        ) as copy_number
    from known_products
    where product_id is not null
)

select
    'shopify' as source_system,
    product_id,
    product_name,
    brand,
    -- Apparel & Accessories > Clothing > Dresses: the first level, and the last where the shop has no types of its own
    nullif({{ trimmed(dbt.split_part('product_category', "'>'", 1)) }}, '') as department,
    coalesce(
        product_type, nullif({{ trimmed(regex_replace_all('product_category', '^.*>', '')) }}, '')
    ) as category,
    cast(null as string) as collection,
    cast(null as string) as package_size,
    cast(null as integer) as days_of_supply,
    cast(null as decimal(9,4)) as margin_share,
    extracted_at
from ranked_products
where copy_number = 1
