{{ config(enabled=is_connector('template')) }}
-- The history of consents, one row per decision. No row = not granted.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as channel,
    cast(null as varchar) as purpose,
    cast(null as varchar) as status,
    cast(null as varchar) as address,
    cast(null as timestamp) as changed_at,
    cast(null as varchar) as evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    cast(null as timestamp) as extracted_at
where false
