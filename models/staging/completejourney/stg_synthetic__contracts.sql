{{ config(enabled=is_connector('completejourney')) }}

with

contracts as (
    select * from {{ source('synthetic', 'contracts') }}
)

select
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('contract_id', 'string') }} as contract_id,
    {{ try_cast('contract_type', 'string') }} as contract_type,
    {{ try_cast('start_date', 'date') }} as start_date,
    {{ try_cast('end_date', 'date') }} as end_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from contracts
