{{ config(enabled=is_connector('template')) }}
-- Every basket, also anonymous (contact_id null), cancelled and returned ones.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as order_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as store_id,
    cast(null as varchar) as sales_channel,
    cast(null as timestamp) as ordered_at,
    cast(null as date) as order_date,  -- local_date('ordered_at')
    cast(null as timestamp) as delivered_at,
    cast(null as varchar) as order_status,
    cast(null as varchar) as original_order_id,
    cast(null as varchar) as currency_code,
    cast(null as timestamp) as extracted_at
where false
