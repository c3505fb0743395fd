{{ config(materialized='view') }}

with

value_published as (
    select * from {{ ref('value_published') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
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
    {%- for column in ['silent_28_probability', 'silent_91_probability', 'is_at_risk_of_inactive'] %}
        case when profiling_denials.profile_id is null then value_published.{{ column }} end as {{ column }},
    {%- endfor %}
    case
        when profiling_denials.profile_id is not null then 'profiling_denied'
        else value_published.no_probability_reason
    end as no_probability_reason,
    value_published.has_returned,
    value_published.is_new,
    value_published.segment_month,
    {{ published_at('value_published.segment_month') }} as published_at
from value_published
inner join newest_month on value_published.segment_month = newest_month.segment_month
-- who denied it since is told no more what was foretold before
left join profiling_denials on value_published.profile_id = profiling_denials.profile_id
