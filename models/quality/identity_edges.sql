{{ config(materialized='view') }}

with

contact_edges as (
    select * from {{ ref('contact_edges') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

records as (
    select
        contact_records.seniority,
        contact_records.source_system,
        contact_records.contact_id,
        contact_profiles.profile_id
    from contact_records
    inner join contact_profiles
        on
            contact_records.source_system = contact_profiles.source_system
            and contact_records.contact_id = contact_profiles.contact_id
),

judged as (
    select
        contact_edges.*,
        elders.source_system as elder_source_system,
        elders.contact_id as elder_contact_id,
        elders.profile_id,
        youngers.source_system as younger_source_system,
        youngers.contact_id as younger_contact_id,
        youngers.profile_id as younger_profile_id,
        case
            when not contact_edges.is_joining then 'phone_of_several_people'
            when elders.profile_id <> youngers.profile_id then 'different_people'
            else 'one_person'
        end as verdict
    from contact_edges
    inner join records as elders
        on contact_edges.elder = elders.seniority
    inner join records as youngers
        on contact_edges.younger = youngers.seniority
),

ranked as (
    select
        *,
        row_number() over (
            partition by profile_id, verdict
            order by
                strength asc nulls last,
                younger desc nulls last,
                elder desc nulls last
        ) as place
    from judged
)

select
    elder_source_system,
    elder_contact_id,
    younger_source_system,
    younger_contact_id,
    profile_id,
    younger_profile_id,
    verdict,
    elder,
    younger,
    strength,
    is_by_link,
    is_by_loyalty_card,
    is_by_email,
    is_by_phone,
    verdict = 'one_person' and place = 1 as is_weakest
from ranked
