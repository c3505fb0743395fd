-- An order was delivered, collected, or handed over at the till. Subject: how it was ordered, because a till hands over
-- something every second; value: its amount.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'order_delivered'
),

orders as (
    select * from {{ ref('fct_orders') }}
),

deliveries as (
    select
        *,
        {{ local_date('delivered_at') }} as delivered_date
    from orders
    where
        delivered_at is not null
        and order_status = 'completed'
        and {{ happened_by('delivered_at') }}
),

open_deliveries as (
    select deliveries.*
    from deliveries
    inner join moment_windows
        on deliveries.delivered_date >= moment_windows.oldest_date
)

select
    profile_id,
    'order_delivered' as moment,
    order_id as moment_key,
    order_id as moment_reference,
    sales_channel as subject,
    {{ json_object({'sales_channel': 'sales_channel'}) }} as reason_parameters,
    {{ json_object({
        'order_id': 'order_id',
        'store_id': 'store_id',
        'sales_channel': 'sales_channel',
    }) }} as personalisation,
    net_amount as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    delivered_date as moment_date,
    delivered_at as moment_at
from open_deliveries
