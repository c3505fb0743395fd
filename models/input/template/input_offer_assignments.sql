{{ config(enabled=is_connector('template')) }}
-- Who got which offer, when. An offer can be given twice.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as assignment_id,
    cast(null as varchar) as offer_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as decision_id,
    cast(null as timestamp) as assigned_at,
    cast(null as date) as assigned_date,  -- local_date('assigned_at')
    cast(null as varchar) as channel,
    cast(null as timestamp) as expires_at,
    cast(null as timestamp) as extracted_at
where false
