{{ config(enabled=is_connector('template')) }}
-- One row per recipient of each message.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as message_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as channel,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as decision_id,
    cast(null as varchar) as variant,
    cast(null as varchar) as message_kind,
    cast(null as timestamp) as sent_at,
    cast(null as date) as sent_date,  -- local_date('sent_at')
    cast(null as decimal(18,2)) as cost_amount,
    cast(null as timestamp) as extracted_at
where false
