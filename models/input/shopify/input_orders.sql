{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
),

orders as (
    select
        {{ shopify_key('order_id') }} as order_id,
        {{ shopify_buyer('email', 'phone') }} as contact_id,
        {{ shopify_store('source_name', 'location_name') }} as store_id,
        -- the list of sources is open, every app may name its own: what is no till and no app of the shop sells online
        case
            when source_name = 'pos' then 'store'
            when source_name in ('iphone', 'android') then 'app'
            when source_name = 'shopify_draft_order' then 'phone'
            else 'web'
        end as sales_channel,
        created_at as ordered_at,
        {{ shopify_order_status() }} as order_status,
        currency_code,
        -- the file has no date of a refund: it is given back when the first file says so
        min(case when {{ is_given_back() }} then extracted_at end) over (partition by order_id) as first_given_back_at,
        min(extracted_at) over (partition by order_id) as first_seen_at,
        {{ is_given_back() }} as is_given_back,
        is_newest_copy,
        extracted_at
    from order_rows
    where is_first_row
),

-- a return is an order of its own
orders_and_returns as (
    select
        order_id,
        contact_id,
        store_id,
        sales_channel,
        ordered_at,
        order_status,
        cast(null as string) as original_order_id,
        currency_code,
        extracted_at
    from orders
    where is_newest_copy
    union all
    select
        {{ shopify_return('order_id') }} as order_id,
        contact_id,
        store_id,
        sales_channel,
        -- what no file shows as sold only may have been given back years ago: it never was money of the file's day
        case when first_seen_at < first_given_back_at then first_given_back_at else ordered_at end as ordered_at,
        'returned' as order_status,
        order_id as original_order_id,
        currency_code,
        extracted_at
    from orders
    where is_newest_copy and is_given_back
)

select
    'shopify' as source_system,
    order_id,
    contact_id,
    store_id,
    sales_channel,
    ordered_at,
    {{ local_date('ordered_at') }} as order_date,
    -- handed to the carrier is not delivered
    cast(null as timestamp) as delivered_at,
    order_status,
    original_order_id,
    currency_code,
    extracted_at
from orders_and_returns
