{{ config(enabled=is_connector('completejourney')) }}

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as preference_type,
    cast(null as varchar) as preference_value,
    cast(null as timestamp) as declared_at,
    cast(null as timestamp) as extracted_at
where false
