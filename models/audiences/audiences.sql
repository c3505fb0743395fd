-- For reverse-ETL tools: the audiences there are.
with

scenarios as (
    select * from {{ ref('scenarios') }}
)

select
    scenario_id as audience_id,
    scenario_name as audience_name,
    objective as description
from scenarios
where is_enabled
