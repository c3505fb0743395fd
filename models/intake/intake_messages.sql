with

messages as (
    select * from {{ ref('input_messages') }}
)

select *
from messages
