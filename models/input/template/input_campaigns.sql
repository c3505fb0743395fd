{{ config(enabled=is_connector('template')) }}
-- One row per campaign and route.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as route,
    cast(null as varchar) as campaign_name,
    cast(null as varchar) as campaign_type,
    cast(null as varchar) as scenario_id,
    cast(null as date) as start_date,
    cast(null as date) as end_date,
    cast(null as decimal(18,2)) as cost_amount,
    cast(null as boolean) as is_acquisition_baseline,
    cast(null as timestamp) as extracted_at
where false
