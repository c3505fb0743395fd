{%- if raw_rows_are_kept() -%}
    {{ config(materialized='table') }}
{%- endif -%}
-- Orders that were cancelled, also where the row that says so was set aside: of an unknown contact, in another
-- currency. Of an order that came more than once the copy counts that intake looks at.
with

valid_orders as (
    select * from {{ ref('intake_orders') }}
),

delivered_orders as (
    select * from {{ judged_input('orders') }} as input_rows
),

rejected_ids as (
    select distinct order_id
    from {{ ref('rejected_orders') }}
    where is_row_rejected
),

-- rejects are few: whatever else was delivered is not numbered
rejected_copies as (
    select
        delivered_orders.order_id,
        delivered_orders.order_status,
        {{ copy_number('orders', 'delivered_orders') }} as copy_number
    from delivered_orders
    inner join rejected_ids
        on delivered_orders.order_id = rejected_ids.order_id
),

cancelled_orders as (
    select order_id
    from valid_orders
    where order_status = 'cancelled'
    union
    select order_id
    from rejected_copies
    where
        copy_number = 1
        and order_status = 'cancelled'
)

select order_id
from cancelled_orders
