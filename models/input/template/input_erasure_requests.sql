{{ config(enabled=is_connector('template')) }}
-- Also for records that are already gone.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as timestamp) as requested_at,
    cast(null as timestamp) as extracted_at
where false
