{{ config(enabled=is_connector('template')) }}
-- Changes of availability, not daily states. Leave empty when stock is not known.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as product_id,
    cast(null as boolean) as is_available,
    cast(null as timestamp) as changed_at,
    cast(null as timestamp) as extracted_at
where false
