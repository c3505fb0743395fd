-- A contract begins or ends. Subject: start or end. The end of one that was renewed is none. One that is prolonged ends
-- again, on another date and by another key.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'contract_date'
),

contracts as (
    select * from {{ ref('fct_contracts') }}
),

contract_dates as (
    select
        profile_id,
        contract_id,
        contract_type,
        start_date,
        'start' as subject,
        start_date as contract_date
    from contracts
    union all
    select
        profile_id,
        contract_id,
        contract_type,
        start_date,
        'end' as subject,
        end_date as contract_date
    from contracts
),

open_dates as (
    select contract_dates.*
    from contract_dates
    inner join moment_windows
        on contract_dates.contract_date between moment_windows.oldest_date and moment_windows.newest_date
),

-- a later contract of the same type that reaches further
renewed_contracts as (
    select distinct open_dates.contract_id
    from open_dates
    inner join contracts as later_contracts
        on
            open_dates.profile_id = later_contracts.profile_id
            and open_dates.contract_type = later_contracts.contract_type
            and open_dates.start_date < later_contracts.start_date
            and (later_contracts.end_date is null or open_dates.contract_date < later_contracts.end_date)
    where open_dates.subject = 'end'
)

select
    open_dates.profile_id,
    'contract_date' as moment,
    {{ dbt.concat([
        "open_dates.subject", "' '", "open_dates.contract_id", "' '", "cast(open_dates.contract_date as string)",
    ]) }} as moment_key,
    open_dates.contract_id as moment_reference,
    open_dates.subject,
    {{ json_object({
        'contract_type': 'open_dates.contract_type',
        'contract_date': 'cast(open_dates.contract_date as string)',
    }) }} as reason_parameters,
    {{ json_object({
        'contract_type': 'open_dates.contract_type',
        'contract_date': 'cast(open_dates.contract_date as string)',
    }) }} as personalisation,
    cast(null as decimal(18, 2)) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    open_dates.contract_date as moment_date,
    cast(null as timestamp) as moment_at
from open_dates
left join renewed_contracts
    on {{ key_if("open_dates.subject = 'end'", 'open_dates.contract_id') }} = renewed_contracts.contract_id
where renewed_contracts.contract_id is null
