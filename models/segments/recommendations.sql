with

item_purchases as (
    select * from {{ ref('item_purchases') }}
),

popular_items as (
    select * from {{ ref('popular_items') }}
),

item_similarities as (
    select * from {{ ref('item_similarities') }}
),

recommendation_quality as (
    select * from {{ ref('recommendation_quality') }}
    where is_published
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

rules as (
    {{- taste_rules() -}}
),

told_month as (
    select {{ newest_closed_month() }} as segment_month
),

simple_methods as (
    select
        'own' as kind,
        'purchases' as method
    union all
    select
        'new' as kind,
        'popular' as method
),

-- the simple one until the other has shown that it is better
wanted_methods as (
    select
        simple_methods.kind,
        coalesce(recommendation_quality.method, simple_methods.method) as method
    from simple_methods
    left join recommendation_quality on simple_methods.kind = recommendation_quality.kind
),

{{ recommended_items() }}

select
    listed.profile_id,
    listed.kind,
    listed.item,
    listed.method,
    listed.because_item,
    cast(listed.recommendation_rank as integer) as recommendation_rank,
    listed.purchases,
    listed.score,
    told_month.segment_month,
    listed.last_purchase_date
from listed
cross join told_month
