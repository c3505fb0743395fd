with

links as (
    select * from {{ ref('intake_identity_links') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_components as (
    select * from {{ ref('contact_components') }}
),

linked as (
    select distinct
        records.seniority as one,
        linked_records.seniority as other
    from links
    inner join contact_records as records
        on
            links.source_system = records.source_system
            and links.contact_id = records.contact_id
    inner join contact_records as linked_records
        on
            links.linked_source_system = linked_records.source_system
            and links.linked_contact_id = linked_records.contact_id
    where
        links.link_type = 'different'
        and records.seniority <> linked_records.seniority
)

select
    linked.one,
    linked.other,
    ones.component
from linked
inner join contact_components as ones
    on linked.one = ones.seniority
inner join contact_components as others
    on
        linked.other = others.seniority
        and ones.component = others.component
