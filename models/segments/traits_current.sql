{{ config(materialized='view') }}

with

traits_published as (
    select * from {{ ref('traits_published') }}
),

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

newest_month as (
    select max(segment_month) as segment_month
    from rfm_current
)

select
    traits_published.profile_id,
    case
        when profiling_denials.profile_id is not null and traits_published.lifecycle_stage = 'at_risk'
            then {{ lifecycle_stage_by_rung('rfm_current.rung') }}
        else traits_published.lifecycle_stage
    end as lifecycle_stage,
    traits_published.engagement_level,
    traits_published.intention_level,
    {%- for column in ['rf_habit', 'overdue_after_days', 'best_send_hour'] %}
        case when profiling_denials.profile_id is null then traits_published.{{ column }} end as {{ column }},
    {%- endfor %}
    traits_published.response_days,
    traits_published.segment_month,
    traits_published.last_order_date
from traits_published
inner join newest_month on traits_published.segment_month = newest_month.segment_month
left join rfm_current on traits_published.profile_id = rfm_current.profile_id
-- who denied it since is told no more what was foretold or observed before
left join profiling_denials on traits_published.profile_id = profiling_denials.profile_id
