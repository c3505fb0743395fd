with

contracts as (
    select * from {{ ref('intake_contracts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_contracts as (
    select
        contracts.contract_id,
        contact_profiles.profile_id,
        contracts.source_system,
        contracts.contract_type,
        contracts.start_date,
        contracts.end_date
    from contracts
    inner join contact_profiles
        on
            contracts.source_system = contact_profiles.source_system
            and contracts.contact_id = contact_profiles.contact_id
)

select
    contract_id,
    profile_id,
    source_system,
    contract_type,
    start_date,
    end_date
from profile_contracts
