{{ config(materialized='view') }}
-- The texts of a scenario that are valid on the day of sending, one row per scenario.
with

content_blocks as (
    select * from {{ ref('content_blocks') }}
)

select
    scenario_id,
    max(case when text_key = 'headline' then content_text end) as headline,
    max(case when text_key = 'service' then content_text end) as service
from content_blocks
where
    valid_from_date <= {{ send_date() }}
    and (valid_to_date is null or valid_to_date > {{ send_date() }})
group by scenario_id
