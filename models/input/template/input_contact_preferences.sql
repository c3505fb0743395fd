{{ config(enabled=is_connector('template')) }}
-- What people declared about themselves, each declaration with its time.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as preference_type,
    cast(null as varchar) as preference_value,
    cast(null as timestamp) as declared_at,
    cast(null as timestamp) as extracted_at
where false
