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
        coalesce(recommendation_quality.method, simple_methods.method) as method,
        {{ newest_closed_month() }} as segment_month
    from simple_methods
    left join recommendation_quality on simple_methods.kind = recommendation_quality.kind
),

{{ recommended_items() }},

-- which of her own items led to a new one
reasons as (
    select
        listed.profile_id,
        listed.item,
        learnable.item as because_item,
        row_number() over (
            partition by listed.profile_id, listed.item
            order by
                least(learnable.purchases, rules.max_item_weight)
                * cast(item_similarities.similarity as decimal(18, 12)) desc nulls last,
                learnable.item asc nulls last
        ) as place
    from listed
    cross join rules
    inner join item_similarities
        on listed.segment_month = item_similarities.segment_month and listed.item = item_similarities.similar_item
    inner join learnable
        on
            listed.segment_month = learnable.segment_month
            and listed.profile_id = learnable.profile_id
            and item_similarities.item = learnable.item
    where listed.method = 'similar_buyers' and learnable.place <= rules.scored_items
)

select
    listed.profile_id,
    listed.kind,
    listed.item,
    listed.method,
    reasons.because_item,
    listed.recommendation_rank,
    item_purchases.purchases,
    listed.score,
    listed.segment_month,
    item_purchases.last_purchase_date
from listed
left join reasons
    on listed.profile_id = reasons.profile_id and listed.item = reasons.item and reasons.place = 1
left join item_purchases
    on
        listed.profile_id = item_purchases.profile_id
        and listed.item = item_purchases.item
        and listed.segment_month = item_purchases.segment_month
