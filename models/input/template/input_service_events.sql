{{ config(enabled=is_connector('template')) }}
-- Kind, rating and state; the text of the customer stays in the service desk.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as event_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as event_type,
    cast(null as integer) as rating,
    cast(null as timestamp) as occurred_at,
    cast(null as date) as occurred_date,  -- local_date('occurred_at')
    cast(null as boolean) as is_resolved,
    cast(null as varchar) as order_id,
    cast(null as timestamp) as extracted_at
where false
