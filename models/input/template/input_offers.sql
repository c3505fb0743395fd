{{ config(enabled=is_connector('template')) }}
-- The offers as such; who got them is in input_offer_assignments.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as offer_id,
    cast(null as varchar) as offer_type,
    cast(null as varchar) as offer_name,
    cast(null as varchar) as campaign_id,
    cast(null as decimal(18,2)) as face_value_amount,
    cast(null as varchar) as funded_by,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to,
    cast(null as timestamp) as extracted_at
where false
