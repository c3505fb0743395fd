{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('shopify', 'products') }}
),

products as (
    select
        row_number,
        file_name,
        coalesce({{ as_is('handle') }}, {{ as_is(adapter.quote('URL handle')) }}) as handle,
        coalesce({{ without_apostrophe(adapter.quote('Variant SKU')) }}, {{ without_apostrophe('sku') }}) as sku,
        {{ as_is('title') }} as product_name,
        {{ as_is('vendor') }} as brand,
        {{ as_is('type') }} as product_type,
        {{ as_is(adapter.quote('Product Category')) }} as product_category,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from numbered_rows
),

-- what is said of the product stands in its first row; the others have the variants
variants as (
    select
        row_number,
        sku,
        max(product_name) over (partition by file_name, handle) as product_name,
        max(brand) over (partition by file_name, handle) as brand,
        max(product_type) over (partition by file_name, handle) as product_type,
        max(product_category) over (partition by file_name, handle) as product_category,
        download_number,
        exported_at
    from products
)

-- a row without a stock keeping unit is a picture, or a product that order lines cannot name
select * from variants
where sku is not null and sku not in ('Variant SKU', 'SKU')
