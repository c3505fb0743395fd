with

campaigns as (
    select * from {{ ref('input_campaigns') }}
)

select *
from campaigns
