{{ config(enabled=is_connector('completejourney')) }}

with

transactions as (
    {% for system, transactions in [
        ("'till'", 'stg_completejourney__transactions'),
        ("'till'", 'stg_synthetic__till_archive'),
        ('source_system', 'stg_world__transactions'),
    ] -%}
        select
            {{ system }} as source_system,
            basket_id,
            product_id,
            line_number,
            quantity,
            sales_value,
            retail_disc,
            coupon_match_disc,
            extracted_at
        from {{ ref(transactions) }}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    source_system,
    basket_id as order_id,
    line_number,
    product_id,
    quantity,
    -- sales_value is what the retailer receives, after the card discount and its own match of a coupon. A
    -- manufacturer's coupon (coupon_disc) lowers what the customer pays, not that: the manufacturer pays it back.
    cast(sales_value + retail_disc + coupon_match_disc as decimal(18,2)) as gross_amount,
    retail_disc as discount_amount,
    coupon_match_disc as offer_discount_amount,
    sales_value as net_amount,
    cast(null as decimal(18,2)) as margin_amount,
    extracted_at
from transactions
