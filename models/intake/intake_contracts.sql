with

contracts as (
    select * from {{ ref('input_contracts') }}
)

select *
from contracts
