with

consents as (
    select * from {{ ref('input_consents') }}
)

select *
from consents
