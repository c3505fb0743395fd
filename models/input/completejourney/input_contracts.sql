{{ config(enabled=is_connector('completejourney')) }}

with

contracts as (
    select * from {{ ref('stg_synthetic__contracts') }}
)

select
    'till' as source_system,
    contract_id,
    household_id as contact_id,
    contract_type,
    start_date,
    end_date,
    extracted_at
from contracts
