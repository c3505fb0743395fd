{{ config(enabled=is_connector('completejourney')) }}

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as product_id,
    cast(null as boolean) as is_available,
    cast(null as timestamp) as changed_at,
    cast(null as timestamp) as extracted_at
where false
