{{ config(materialized='view') }}

with

silence_published as (
    select * from {{ ref('silence_published') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

-- in a month in which everybody is active nobody is silent, and no older silence holds any more
newest_month as (
    select max(segment_month) as segment_month
    from rfm_published
)

select
    silence_published.profile_id,
    silence_published.engagement_tier,
    silence_published.tier_without_opens,
    silence_published.tier_with_opens,
    silence_published.inactive_type,
    silence_published.known_for,
    silence_published.recommended_action,
    silence_published.purge_hold_reason,
    case
        when
            profiling_denials.profile_id is not null
            and coalesce(silence_published.no_score_reason, '') <> 'not_silent'
            then 'profiling_denied'
        else silence_published.no_score_reason
    end as no_score_reason,
    {%- for column in [
        'reactivation_score', 'base_contribution', 'opens_contribution', 'silence_contribution',
        'orders_contribution', 'value_contribution', 'messages_before', 'expected_return_amount',
        'is_worth_reactivating'
    ] %}
        case when profiling_denials.profile_id is null then silence_published.{{ column }} end as {{ column }},
    {%- endfor %}
    silence_published.is_observable,
    silence_published.is_last_question_due,
    silence_published.has_returned,
    silence_published.last_contact_date,
    silence_published.last_contact_or_open_date,
    silence_published.no_purchase_date,
    silence_published.no_response_date,
    silence_published.loyalty_unchanged_date,
    silence_published.no_contact_date,
    silence_published.inactive_since_date,
    silence_published.purge_due_date,
    silence_published.segment_month,
    silence_published.published_as_of_date,
    {{ published_at('silence_published.segment_month') }} as published_at
from silence_published
inner join newest_month on silence_published.segment_month = newest_month.segment_month
-- who denied it since is told no more what was foretold before
left join profiling_denials on silence_published.profile_id = profiling_denials.profile_id
