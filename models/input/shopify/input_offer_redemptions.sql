{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
    where is_first_row and is_newest_copy
),

numbers as (
    {{ code_numbers() }}
),

uses as (
    select
        {{ shopify_key('order_rows.order_id') }} as order_id,
        {{ shopify_buyer('order_rows.email', 'order_rows.phone') }} as contact_id,
        {{ shopify_code('order_rows.discount_codes', 'numbers.code_number') }} as offer_id,
        -- an amount of another currency is none of ours
        case
            when order_rows.currency_code = '{{ setting("currency_code") }}' then order_rows.order_discount_amount
        end as order_discount_amount,
        order_rows.created_at as redeemed_at,
        order_rows.extracted_at
    from order_rows
    cross join numbers
),

counted_uses as (
    select
        *,
        count(*) over (partition by order_id) as codes
    from uses
    where offer_id is not null
)

select
    'shopify' as source_system,
    {{ dbt.concat(['order_id', "'-'", 'offer_id']) }} as redemption_id,
    offer_id,
    contact_id,
    redeemed_at,
    {{ local_date('redeemed_at') }} as redeemed_date,
    order_id,
    cast(null as string) as assignment_id,
    -- of several codes nobody knows which took off what
    case when codes = 1 then order_discount_amount end as redeemed_amount,
    extracted_at
from counted_uses
-- a passer-by at the till is nobody
where contact_id is not null
