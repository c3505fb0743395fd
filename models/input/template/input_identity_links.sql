{{ config(enabled=is_connector('template')) }}
-- Pairs of contact records that you know to be one person although they share no e-mail, phone or card.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as contact_id,
    cast(null as varchar) as linked_source_system,
    cast(null as varchar) as linked_contact_id,
    cast(null as varchar) as link_type,
    cast(null as varchar) as evidence,
    cast(null as timestamp) as linked_at,
    cast(null as timestamp) as extracted_at
where false
