{%- set rounds = setting('identity_rounds') | int -%}
with

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_components as (
    select * from {{ ref('contact_components') }}
),

surviving_edges as (
    select * from {{ ref('surviving_edges') }}
),

different_records as (
    select * from {{ ref('different_records') }}
),

-- components that a link takes apart are joined anew, by what is left of their edges; nearly always there are none
edges_0 as (
    select
        younger as node,
        elder as parent
    from surviving_edges
),

{{ connected_components(rounds) }},

oldest_records as (
    select
        node,
        min(parent) as parent
    from edges_{{ rounds }}
    group by node
),

torn_components as (
    select distinct component
    from different_records
),

records_with_oldest as (
    select
        contact_records.source_system,
        contact_records.contact_id,
        contact_records.seniority,
        case
            when torn_components.component is null then contact_components.component
            else coalesce(oldest_records.parent, contact_records.seniority)
        end as oldest_seniority,
        contact_records.created_date,
        contact_records.created_at
    from contact_records
    inner join contact_components
        on contact_records.seniority = contact_components.seniority
    left join torn_components
        on contact_components.component = torn_components.component
    left join oldest_records
        on contact_records.seniority = oldest_records.node
)

select
    records_with_oldest.source_system,
    records_with_oldest.contact_id,
    named_after.contact_key as profile_id,
    records_with_oldest.seniority = records_with_oldest.oldest_seniority as is_oldest,
    records_with_oldest.created_date,
    records_with_oldest.created_at
from records_with_oldest
inner join contact_records as named_after
    on records_with_oldest.oldest_seniority = named_after.seniority
