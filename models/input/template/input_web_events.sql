{{ config(enabled=is_connector('template')) }}
-- Of recognised visitors only.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as event_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as event_type,
    cast(null as varchar) as platform,
    cast(null as varchar) as product_id,
    cast(null as varchar) as category,
    cast(null as varchar) as form_type,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as route,
    cast(null as timestamp) as occurred_at,
    cast(null as date) as occurred_date,  -- local_date('occurred_at')
    cast(null as timestamp) as extracted_at
where false
