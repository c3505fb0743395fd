{{ config(enabled=is_connector('completejourney')) }}

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as message_id,
    cast(null as varchar) as event_type,
    cast(null as timestamp) as occurred_at,
    cast(null as date) as occurred_date,
    cast(null as varchar) as link_tag,
    cast(null as boolean) as is_proxy_open,
    cast(null as timestamp) as extracted_at
where false
