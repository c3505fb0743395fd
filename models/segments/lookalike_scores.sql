-- How much a prospect is like those who came: whoever had never bought by the end of the newest closed month.
with

profiles as (
    select * from {{ ref('profiles') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

dim_months as (
    select * from {{ ref('dim_months') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

scores as (
    select *
    from {{ ref('silence_scores') }}
    where score = 'lookalike'
),

quality as (
    select *
    from {{ ref('silence_score_quality') }}
    where score = 'lookalike'
),

newest_month as (
    select
        max(segment_month) as segment_month,
        {{ month_end('max(segment_month)') }} as month_end_date
    from dim_months
),

buyers as (
    select distinct profile_days.profile_id
    from profile_days
    inner join newest_month on profile_days.order_date <= newest_month.month_end_date
    where profile_days.orders > 0
),

prospects as (
    select
        profiles.profile_id,
        newest_month.segment_month
    from profiles
    inner join newest_month on profiles.created_date <= newest_month.month_end_date
    {{ anti_join() }} buyers on profiles.profile_id = buyers.profile_id
),

worth as (
    {{- newest_score_quality('quality') -}}
),

judged as (
    select
        prospects.profile_id,
        prospects.segment_month,
        scores.base_contribution + coalesce(worth.log_odds_shift, 0) as base_contribution,
        scores.opens_contribution,
        scores.silence_contribution,
        scores.signs_contribution,
        {{ told_likelihood('scores.log_odds', 'worth.log_odds_shift') }} as likelihood,
        case
            when denials.profile_id is not null then 'profiling_denied'
            when worth.score_auc is not null and scores.profile_id is null then 'not_reachable'
            else {{ no_score_reason('worth.score_auc') }}
        end as no_score_reason
    from prospects
    cross join worth
    left join scores
        on prospects.profile_id = scores.profile_id and prospects.segment_month = scores.segment_month
    left join denials on prospects.profile_id = denials.profile_id
)

select
    profile_id,
    no_score_reason,
    case when no_score_reason is null then likelihood end as lookalike_score,
    {%- for name in ['base_contribution', 'opens_contribution', 'silence_contribution', 'signs_contribution'] %}
        case when no_score_reason is null then {{ name }} end as {{ name }},
    {%- endfor %}
    segment_month
from judged
