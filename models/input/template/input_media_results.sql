{{ config(enabled=is_connector('template')) }}
-- What ad platforms report per day. Leave empty when you run no ads.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as route,
    cast(null as date) as result_date,
    cast(null as varchar) as audience_run_id,
    cast(null as integer) as uploaded,
    cast(null as integer) as matched,
    cast(null as integer) as reached,
    cast(null as bigint) as impressions,
    cast(null as bigint) as clicks,
    cast(null as integer) as leads,
    cast(null as decimal(18,2)) as cost_amount,
    cast(null as timestamp) as extracted_at
where false
