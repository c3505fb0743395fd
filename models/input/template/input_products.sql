{{ config(enabled=is_connector('template')) }}
-- Every product that order lines name.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as product_id,
    cast(null as varchar) as product_name,
    cast(null as varchar) as brand,
    cast(null as varchar) as department,
    cast(null as varchar) as category,
    cast(null as varchar) as collection,
    cast(null as varchar) as package_size,
    cast(null as integer) as days_of_supply,
    cast(null as decimal(9,4)) as margin_share,
    cast(null as timestamp) as extracted_at
where false
