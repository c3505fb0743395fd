{{ config(materialized='view') }}

with

silence_published as (
    select * from {{ ref('silence_published') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

-- in a month in which everybody is active nobody is silent, and no older silence holds any more
newest_month as (
    select max(segment_month) as segment_month
    from rfm_published
)

select
    silence_published.*,
    {{ published_at('silence_published.segment_month') }} as published_at
from silence_published
inner join newest_month on silence_published.segment_month = newest_month.segment_month
