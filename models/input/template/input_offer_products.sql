{{ config(enabled=is_connector('template')) }}
-- What an offer is good for. Leave an offer out when it is good for everything.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as offer_id,
    cast(null as varchar) as product_id,
    cast(null as timestamp) as extracted_at
where false
