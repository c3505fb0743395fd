{{ config(enabled=is_connector('completejourney')) }}

with

transactions as (
    select
        household_id,
        store_id,
        basket_id,
        line_number,
        transaction_timestamp,
        extracted_at
    from {{ ref('stg_completejourney__transactions') }}
    union all
    select
        household_id,
        store_id,
        basket_id,
        line_number,
        transaction_timestamp,
        extracted_at
    from {{ ref('stg_world__transactions') }}
    union all
    select
        household_id,
        store_id,
        basket_id,
        line_number,
        transaction_timestamp,
        extracted_at
    from {{ ref('stg_synthetic__till_archive') }}
),

order_channels as (
    select * from {{ ref('stg_synthetic__order_channels') }}
),

-- household, shop and stamp are the same on every line of a basket
baskets as (
    select * from transactions
    where line_number = 1
)

select
    'till' as source_system,
    baskets.basket_id as order_id,
    baskets.household_id as contact_id,
    baskets.store_id,
    coalesce(order_channels.sales_channel, 'store') as sales_channel,
    baskets.transaction_timestamp as ordered_at,
    {{ local_date('baskets.transaction_timestamp') }} as order_date,
    order_channels.delivered_at,
    -- the data set has neither cancelled nor returned baskets
    'completed' as order_status,
    cast(null as string) as original_order_id,
    'USD' as currency_code,
    baskets.extracted_at
from baskets
left join order_channels
    on baskets.basket_id = order_channels.basket_id
