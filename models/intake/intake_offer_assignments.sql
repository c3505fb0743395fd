with

offer_assignments as (
    select * from {{ ref('input_offer_assignments') }}
)

select *
from offer_assignments
