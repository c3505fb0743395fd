{{ config(enabled=is_connector('template')) }}
-- Totals of a provider that does not tell who opened or clicked.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as campaign_id,
    cast(null as date) as event_date,
    cast(null as varchar) as event_type,
    cast(null as bigint) as event_count,
    cast(null as timestamp) as extracted_at
where false
