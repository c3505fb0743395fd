with

erasure_requests as (
    select * from {{ ref('input_erasure_requests') }}
)

select *
from erasure_requests
