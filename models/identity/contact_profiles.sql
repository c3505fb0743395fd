{%- set rounds = setting('identity_rounds') | int -%}
with

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

-- most identifiers belong to one contact record only: they link nobody and stay out of the rounds
shared_identifiers as (
    select
        seniority as node,
        min(seniority) over (partition by identifier_id) as parent
    from contact_identifiers
    where not is_over_shared and contact_count > 1
),

edges_0 as (
    select distinct
        node,
        parent
    from shared_identifiers
    where node <> parent
),

{{ connected_components(rounds) }},

-- one row per node once converged; min() keeps the grain when it has not, and identity_has_converged says so
oldest_records as (
    select
        node,
        min(parent) as parent
    from edges_{{ rounds }}
    group by node
),

records_with_oldest as (
    select
        contact_records.source_system,
        contact_records.contact_id,
        contact_records.seniority,
        coalesce(oldest_records.parent, contact_records.seniority) as oldest_seniority,
        contact_records.created_date,
        contact_records.created_at
    from contact_records
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
