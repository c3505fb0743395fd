{{ config(enabled=is_connector('template')) }}

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as assignment_id,
    cast(null as varchar) as offer_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as decision_id,
    cast(null as timestamp) as assigned_at,
    cast(null as date) as assigned_date,
    cast(null as varchar) as channel,
    cast(null as timestamp) as expires_at,
    cast(null as timestamp) as extracted_at
where false
