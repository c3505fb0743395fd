{#
  Records with an edge between them are in one component, and records that a link says are different are in two
  profiles. When they are not, the chain between them is longer than the rounds reach: raise the setting identity_rounds
  (each round doubles the length of the chains that are joined).
#}
with

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_components as (
    select * from {{ ref('contact_components') }}
),

contact_edges as (
    select * from {{ ref('contact_edges') }}
),

surviving_edges as (
    select * from {{ ref('surviving_edges') }}
),

different_records as (
    select * from {{ ref('different_records') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

record_profiles as (
    select
        contact_records.seniority,
        contact_profiles.profile_id
    from contact_records
    inner join contact_profiles
        on
            contact_records.source_system = contact_profiles.source_system
            and contact_records.contact_id = contact_profiles.contact_id
),

torn_edges as (
    select contact_edges.younger
    from contact_edges
    inner join contact_components as elders
        on contact_edges.elder = elders.seniority
    inner join contact_components as youngers
        on contact_edges.younger = youngers.seniority
    where
        contact_edges.is_joining
        and elders.component <> youngers.component
),

torn_survivors as (
    select surviving_edges.younger
    from surviving_edges
    inner join record_profiles as elders
        on surviving_edges.elder = elders.seniority
    inner join record_profiles as youngers
        on surviving_edges.younger = youngers.seniority
    where elders.profile_id <> youngers.profile_id
),

joined_all_the_same as (
    select different_records.one
    from different_records
    inner join record_profiles as ones
        on different_records.one = ones.seniority
    inner join record_profiles as others
        on different_records.other = others.seniority
    where ones.profile_id = others.profile_id
),

failures as (
    select younger as seniority from torn_edges
    union all
    select younger as seniority from torn_survivors
    union all
    select one as seniority from joined_all_the_same
)

select
    seniority,
    'People are torn, or two are one: raise the setting identity_rounds (now {{ setting("identity_rounds") }}).'
        as what_to_do
from failures
