{{ config(materialized='view') }}

with

value_published as (
    select * from {{ ref('value_published') }}
),

newest_month as (
    select max(segment_month) as segment_month
    from value_published
)

select
    value_published.profile_id,
    value_published.spend_cluster,
    value_published.previous_cluster,
    value_published.threshold_version,
    value_published.order_days,
    value_published.spend_amount,
    value_published.silent_28_probability,
    value_published.silent_91_probability,
    value_published.is_at_risk_of_inactive,
    value_published.has_returned,
    value_published.segment_month,
    {{ published_at('value_published.segment_month') }} as published_at
from value_published
inner join newest_month on value_published.segment_month = newest_month.segment_month
