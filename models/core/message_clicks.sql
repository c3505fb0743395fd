{{ config(materialized='view') }}

with

human_message_events as (
    select * from {{ ref('human_message_events') }}
)

select
    message_id,
    link_tag,
    occurred_at
from human_message_events
where event_type = 'clicked'
