{{ config(enabled=is_connector('template')) }}

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as order_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as store_id,
    cast(null as varchar) as sales_channel,
    cast(null as timestamp) as ordered_at,
    cast(null as date) as order_date,
    cast(null as timestamp) as delivered_at,
    cast(null as varchar) as order_status,
    cast(null as varchar) as original_order_id,
    cast(null as varchar) as currency_code,
    cast(null as timestamp) as extracted_at
where false
