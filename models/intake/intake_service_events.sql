with

service_events as (
    select * from {{ ref('input_service_events') }}
)

select *
from service_events
