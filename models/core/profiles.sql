with

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
)

select
    contact_profiles.profile_id,
    max(case when contact_profiles.is_oldest then contact_records.silo end) as first_silo,
    cast(count(*) as integer) as contact_count,
    cast(count(distinct contact_records.silo) as integer) as silo_count,
    min(contact_profiles.created_date) as created_date,
    max(contact_profiles.created_date) as newest_record_date,
    min(contact_profiles.created_at) as created_at,
    max(contact_profiles.created_at) as newest_record_at
from contact_profiles
inner join contact_records
    on
        contact_profiles.source_system = contact_records.source_system
        and contact_profiles.contact_id = contact_records.contact_id
group by contact_profiles.profile_id
