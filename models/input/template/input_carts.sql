{{ config(enabled=is_connector('template')) }}
-- Of recognised visitors only, each cart in its latest state.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as cart_id,
    cast(null as varchar) as contact_id,
    cast(null as timestamp) as created_at,
    cast(null as timestamp) as updated_at,
    cast(null as date) as updated_date,  -- local_date('updated_at')
    cast(null as varchar) as order_id,
    cast(null as varchar) as items,
    cast(null as integer) as item_count,
    cast(null as decimal(18,2)) as cart_amount,
    cast(null as timestamp) as extracted_at
where false
