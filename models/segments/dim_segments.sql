with

segments as (
    select * from {{ ref('segments') }}
)

select
    segment,
    segment_name,
    description,
    rung
from segments
