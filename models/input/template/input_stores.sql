{{ config(enabled=is_connector('template')) }}
-- Every place of sale that orders name, also closed ones.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as store_id,
    cast(null as varchar) as store_name,
    cast(null as varchar) as store_type,
    cast(null as varchar) as region,
    cast(null as date) as opened_date,
    cast(null as timestamp) as extracted_at
where false
