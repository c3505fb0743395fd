{{ config(enabled=is_connector('shopify')) }}

with

checkout_rows as (
    select * from {{ ref('stg_shopify__checkouts') }}
),

items as (
    select
        order_row,
        {{ sorted_list(shopify_product('sku', 'product_name')) }} as items,
        cast(sum(quantity) as integer) as item_count
    from checkout_rows
    where is_newest_copy and quantity > 0
    group by order_row
),

checkouts as (
    select
        order_row,
        order_id,
        {{ shopify_buyer('email', 'phone') }} as contact_id,
        created_at,
        -- an amount of another currency is none of ours
        case when currency_code = '{{ setting("currency_code") }}' then total_amount end as total_amount,
        extracted_at
    from checkout_rows
    where is_first_row and is_newest_copy
)

select
    'shopify' as source_system,
    {{ shopify_key('checkouts.order_id') }} as cart_id,
    checkouts.contact_id,
    checkouts.created_at,
    -- the file has one time
    checkouts.created_at as updated_at,
    {{ local_date('checkouts.created_at') }} as updated_date,
    -- nor does it say what became of it: an order of the same person after it does
    cast(null as string) as order_id,
    items.items,
    coalesce(items.item_count, 0) as item_count,
    checkouts.total_amount as cart_amount,
    checkouts.extracted_at
from checkouts
left join items
    on checkouts.order_row = items.order_row
