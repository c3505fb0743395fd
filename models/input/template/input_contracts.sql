{{ config(enabled=is_connector('template')) }}
-- Running and ended ones.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contract_id,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as contract_type,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    cast(null as timestamp) as extracted_at
where false
