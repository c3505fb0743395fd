{{ config(enabled=is_connector('template')) }}
-- Signed: what the customer gains is positive.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as movement_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as movement_type,
    cast(null as integer) as points,
    cast(null as decimal(18,2)) as amount,
    cast(null as timestamp) as occurred_at,
    cast(null as date) as occurred_date,  -- local_date('occurred_at')
    cast(null as varchar) as order_id,
    cast(null as timestamp) as extracted_at
where false
