{%- set rounds = setting('identity_rounds') | int -%}
with

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_edges as (
    select * from {{ ref('contact_edges') }}
),

edges_0 as (
    select
        younger as node,
        elder as parent
    from contact_edges
    where is_joining
),

{{ connected_components(rounds) }},

-- one row per node once converged; min() keeps the grain when it has not, and identity_has_converged says so
oldest_records as (
    select
        node,
        min(parent) as parent
    from edges_{{ rounds }}
    group by node
)

select
    contact_records.seniority,
    coalesce(oldest_records.parent, contact_records.seniority) as component
from contact_records
left join oldest_records
    on contact_records.seniority = oldest_records.node
