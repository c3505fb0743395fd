-- Who buys the one buys the other: the cosine of the two sets of buyers. Pairs grow with the square of what a person
-- buys, hence the bounds: popular items, a drawn share of people, and the most similar of each item.
with

item_purchases as (
    select * from {{ ref('item_purchases') }}
    where is_learnt_from
),

popular_items as (
    select * from {{ ref('popular_items') }}
),

rules as (
    {{- taste_rules() -}}
),

-- numbers join faster than names
learnt as (
    select
        item_purchases.buyer_number,
        popular_items.popularity_rank,
        item_purchases.segment_month
    from item_purchases
    inner join popular_items
        on item_purchases.segment_month = popular_items.segment_month and item_purchases.item = popular_items.item
    -- item by item, few pairs are counted at a time: in any other order counting takes twice as long
    order by popular_items.popularity_rank asc nulls last
),

buyers as (
    select
        segment_month,
        popularity_rank,
        count(*) as profiles
    from learnt
    group by
        segment_month,
        popularity_rank
),

pairs as (
    select
        first_items.segment_month,
        first_items.popularity_rank as first_rank,
        second_items.popularity_rank as second_rank,
        count(*) as profiles
    from learnt as first_items
    inner join learnt as second_items
        on
            first_items.segment_month = second_items.segment_month
            and first_items.buyer_number = second_items.buyer_number
            and first_items.popularity_rank < second_items.popularity_rank
    group by
        first_items.segment_month,
        first_items.popularity_rank,
        second_items.popularity_rank
),

both_ways as (
    select
        segment_month,
        first_rank,
        second_rank,
        profiles
    from pairs
    union all
    select
        segment_month,
        second_rank as first_rank,
        first_rank as second_rank,
        profiles
    from pairs
),

similar_pairs as (
    select
        both_ways.segment_month,
        both_ways.first_rank,
        both_ways.second_rank,
        both_ways.profiles,
        -- rounded: engines differ in the last digit, and equal ones are to be equal
        round(
            cast(both_ways.profiles as double)
            / sqrt(cast(first_buyers.profiles as double) * cast(second_buyers.profiles as double)),
            12
        ) as similarity
    from both_ways
    cross join rules
    inner join buyers as first_buyers
        on
            both_ways.segment_month = first_buyers.segment_month
            and both_ways.first_rank = first_buyers.popularity_rank
    inner join buyers as second_buyers
        on
            both_ways.segment_month = second_buyers.segment_month
            and both_ways.second_rank = second_buyers.popularity_rank
    where both_ways.profiles >= rules.min_pair_profiles
),

ranked as (
    select
        *,
        row_number() over (
            partition by segment_month, first_rank
            order by similarity desc nulls last, second_rank asc nulls last
        ) as similarity_rank
    from similar_pairs
)

select
    popular_items.item,
    similar_ones.item as similar_item,
    cast(ranked.similarity_rank as integer) as similarity_rank,
    cast(ranked.profiles as bigint) as profiles,
    ranked.similarity,
    ranked.segment_month
from ranked
cross join rules
inner join popular_items
    on ranked.segment_month = popular_items.segment_month and ranked.first_rank = popular_items.popularity_rank
inner join popular_items as similar_ones
    on ranked.segment_month = similar_ones.segment_month and ranked.second_rank = similar_ones.popularity_rank
where ranked.similarity_rank <= rules.similar_items
