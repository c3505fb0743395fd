with

segments as (
    select * from {{ ref('segments') }}
)

select
    segment,
    segment_name,
    segment_group,
    segment_colour,
    description,
    rung
from segments
