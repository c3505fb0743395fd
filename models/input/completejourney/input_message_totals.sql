{{ config(enabled=is_connector('completejourney')) }}
-- The demo's provider reports person by person.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as campaign_id,
    cast(null as date) as event_date,
    cast(null as varchar) as event_type,
    cast(null as bigint) as event_count,
    cast(null as timestamp) as extracted_at
where false
