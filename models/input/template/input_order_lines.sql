{{ config(enabled=is_connector('template')) }}
-- Goods only. Negative in returns, nowhere else.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as order_id,
    cast(null as integer) as line_number,
    cast(null as varchar) as product_id,
    cast(null as integer) as quantity,
    cast(null as decimal(18,2)) as gross_amount,
    cast(null as decimal(18,2)) as discount_amount,
    cast(null as decimal(18,2)) as offer_discount_amount,
    cast(null as decimal(18,2)) as net_amount,
    cast(null as decimal(18,2)) as margin_amount,
    cast(null as timestamp) as extracted_at
where false
