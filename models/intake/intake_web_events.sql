with

web_events as (
    select * from {{ ref('input_web_events') }}
)

select *
from web_events
