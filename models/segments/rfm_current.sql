{{ config(materialized='view') }}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

newest_month as (
    select max(segment_month) as segment_month
    from rfm_published
)

select
    rfm_published.profile_id,
    rfm_published.segment,
    rfm_published.threshold_version,
    rfm_published.recency_days,
    rfm_published.frequency,
    rfm_published.monetary_amount,
    rfm_published.r_score,
    rfm_published.f_score,
    rfm_published.m_score,
    rfm_published.fm_score,
    rfm_published.rung,
    rfm_published.is_warm_up,
    rfm_published.segment_month,
    {{ published_at('rfm_published.segment_month') }} as published_at
from rfm_published
inner join newest_month on rfm_published.segment_month = newest_month.segment_month
