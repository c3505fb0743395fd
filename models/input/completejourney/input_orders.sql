{{ config(enabled=is_connector('completejourney')) }}

with

transactions as (
    {% for till in ['stg_completejourney__transactions', 'stg_synthetic__till_archive'] -%}
        select
            household_id,
            store_id,
            basket_id,
            line_number,
            transaction_timestamp,
            extracted_at
        from {{ ref(till) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

order_channels as (
    select * from {{ ref('stg_synthetic__order_channels') }}
),

transactions_of_the_world as (
    select * from {{ ref('stg_world__transactions') }}
),

-- household, shop and stamp are the same on every line of a basket
baskets as (
    select
        'till' as source_system,
        transactions.basket_id,
        transactions.household_id as contact_id,
        transactions.store_id,
        order_channels.sales_channel,
        transactions.transaction_timestamp,
        order_channels.delivered_at,
        transactions.extracted_at
    from transactions
    left join order_channels
        on transactions.basket_id = order_channels.basket_id
    where transactions.line_number = 1
    union all
    select
        source_system,
        basket_id,
        contact_id,
        store_id,
        sales_channel,
        transaction_timestamp,
        delivered_at,
        extracted_at
    from transactions_of_the_world
    where line_number = 1
)

select
    source_system,
    basket_id as order_id,
    contact_id,
    store_id,
    coalesce(sales_channel, 'store') as sales_channel,
    transaction_timestamp as ordered_at,
    {{ local_date('transaction_timestamp') }} as order_date,
    delivered_at,
    -- the data set has neither cancelled nor returned baskets
    'completed' as order_status,
    cast(null as string) as original_order_id,
    'USD' as currency_code,
    extracted_at
from baskets
