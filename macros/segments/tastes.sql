{# Rules of recommendations and replenishment. #}
{% macro taste_rules() %}
    select *
    from {{ ref('taste_rules') }}
    where {{ is_of_sector('taste_rules') }}
{% endmacro %}


{#
  CTEs, the last is `listed`: the best list_length items of each kind and method that each person may be shown. Reads the CTEs
  item_purchases, popular_items, item_similarities, rules, profiling_denials, told_month (segment_month) and wanted_methods (kind,
  method): what nobody wants is not computed.
#}
{% macro recommended_items() %}
{%- set ranks = 1000000 -%}
-- nothing is recommended to whoever denied profiling
buyers as (
    select item_purchases.*
    from item_purchases
    inner join told_month on item_purchases.segment_month = told_month.segment_month
    {{ anti_join() }} profiling_denials on item_purchases.profile_id = profiling_denials.profile_id
),

popular_now as (
    select popular_items.*
    from popular_items
    inner join told_month on popular_items.segment_month = told_month.segment_month
),

own_scores as (
    select
        buyers.profile_id,
        buyers.item,
        wanted_methods.kind,
        wanted_methods.method,
        case
            when wanted_methods.method = 'recent_purchases' then buyers.decayed_purchases
            else cast(buyers.purchases as double)
        end as score,
        buyers.purchases,
        buyers.last_purchase_date
    from buyers
    cross join rules
    inner join wanted_methods on wanted_methods.kind = 'own'
    where buyers.purchases >= rules.min_own_purchases
),

own_ranked as (
    select
        *,
        row_number() over (
            partition by method, profile_id
            order by score desc nulls last, item asc nulls last
        ) as recommendation_rank
    from own_scores
),

-- numbers join faster than names
popular_purchases as (
    select
        buyers.buyer_number,
        popular_now.popularity_rank,
        buyers.purchases,
        row_number() over (
            partition by buyers.buyer_number
            order by
                buyers.purchases desc nulls last,
                buyers.last_purchase_date desc nulls last,
                popular_now.popularity_rank asc nulls last
        ) as place
    from buyers
    inner join popular_now on buyers.item = popular_now.item
),

similar_ranks as (
    select
        popular_now.popularity_rank,
        similar_ones.popularity_rank as similar_rank,
        -- summed as whole numbers, whose order does not matter
        cast(round(item_similarities.similarity * 1000000000) as bigint) as points
    from item_similarities
    inner join told_month on item_similarities.segment_month = told_month.segment_month
    inner join popular_now on item_similarities.item = popular_now.item
    inner join popular_now as similar_ones on item_similarities.similar_item = similar_ones.item
),

weights as (
    select
        popular_purchases.buyer_number,
        popular_purchases.popularity_rank,
        least(popular_purchases.purchases, rules.max_item_weight) as weight
    from popular_purchases
    cross join rules
    inner join wanted_methods on wanted_methods.method = 'similar_buyers'
    where popular_purchases.place <= rules.scored_items
),

similar_scores as (
    select
        weights.buyer_number,
        similar_ranks.similar_rank as popularity_rank,
        cast(sum(weights.weight * similar_ranks.points) as bigint) as score,
        -- which of her own items speaks most for it: its rank is in the last digits, so that nothing is looked for twice
        max(
            weights.weight * similar_ranks.points * {{ ranks }} + ({{ ranks }} - weights.popularity_rank)
        ) as most_said
    from weights
    inner join similar_ranks on weights.popularity_rank = similar_ranks.popularity_rank
    group by
        weights.buyer_number,
        similar_ranks.similar_rank
),

owned as (
    select
        buyer_number,
        count(*) as items
    from popular_purchases
    group by buyer_number
),

-- of the most popular, as many more as she has already: enough are left, and no more than needed is read
popular_scores as (
    select
        owned.buyer_number,
        popular_now.popularity_rank,
        popular_now.profiles as score
    from owned
    cross join rules
    inner join wanted_methods on wanted_methods.method = 'popular'
    inner join popular_now on popular_now.popularity_rank <= owned.items + rules.list_length
),

new_scores as (
    select
        'similar_buyers' as method,
        buyer_number,
        popularity_rank,
        score,
        {{ ranks }} - mod(most_said, {{ ranks }}) as because_rank
    from similar_scores
    union all
    select
        'popular' as method,
        buyer_number,
        popularity_rank,
        score,
        cast(null as bigint) as because_rank
    from popular_scores
),

new_ranked as (
    select
        new_scores.*,
        row_number() over (
            partition by new_scores.method, new_scores.buyer_number
            order by new_scores.score desc nulls last, new_scores.popularity_rank asc nulls last
        ) as recommendation_rank
    from new_scores
    {{ anti_join() }} popular_purchases
        on
            new_scores.buyer_number = popular_purchases.buyer_number
            and new_scores.popularity_rank = popular_purchases.popularity_rank
),

people as (
    select distinct
        buyer_number,
        profile_id
    from buyers
),

listed as (
    select
        own_ranked.profile_id,
        own_ranked.item,
        own_ranked.kind,
        own_ranked.method,
        own_ranked.recommendation_rank,
        own_ranked.score,
        cast(null as string) as because_item,
        own_ranked.purchases,
        own_ranked.last_purchase_date
    from own_ranked
    cross join rules
    where
        own_ranked.recommendation_rank <= rules.list_length
        and {{ planned_once() }}
    union all
    select
        people.profile_id,
        popular_now.item,
        'new' as kind,
        new_ranked.method,
        new_ranked.recommendation_rank,
        case
            when new_ranked.method = 'similar_buyers' then cast(new_ranked.score as double) / 1000000000
            else cast(new_ranked.score as double)
        end as score,
        because.item as because_item,
        cast(null as integer) as purchases,
        cast(null as date) as last_purchase_date
    from new_ranked
    cross join rules
    inner join people on new_ranked.buyer_number = people.buyer_number
    inner join popular_now on new_ranked.popularity_rank = popular_now.popularity_rank
    left join popular_now as because on new_ranked.because_rank = because.popularity_rank
    where new_ranked.recommendation_rank <= rules.list_length
)
{% endmacro %}


{# The months whose purchases recommendations are made from: the newest closed one, and the one before, whose outcome is known. #}
{% macro recommendation_months() -%}
    in ({{ newest_closed_month() }}, {{ add_months(newest_closed_month(), -1) }})
{%- endmacro %}


{#
  CTEs, the last is `foretold`: how long each person's purchase of a category lasts as of each date, and why we think so. Reads the
  CTEs order_lines, products, rules, replenishment_intervals and cut_dates (cut_date). Only categories are looked at of which products
  or rows say how long something lasts: nobody waits for the next sofa.
#}
{% macro foretold_replenishments() %}
seed_intervals as (
    select
        lower(category) as category_key,
        lower(package_size) as package_key,
        supply_days,
        row_number() over (
            partition by lower(category), lower(package_size)
            order by case when sector = '*' then 1 else 0 end asc nulls last, category asc nulls last, package_size asc nulls last
        ) as place
    from replenishment_intervals
    where sector in ('*', '{{ setting("rfm_sector") }}')
),

supplies as (
    select
        products.product_id,
        products.category,
        products.package_size,
        coalesce(products.days_of_supply, of_package.supply_days, of_category.supply_days) as supply_days,
        case when products.days_of_supply is null then 'seed' else 'days_of_supply' end as supply_source
    from products
    left join seed_intervals as of_package
        on
            lower(products.category) = of_package.category_key
            and lower(products.package_size) = of_package.package_key
            and of_package.place = 1
    left join seed_intervals as of_category
        on
            lower(products.category) = of_category.category_key
            and of_category.package_key = '*'
            and of_category.place = 1
),

replenishable_categories as (
    select distinct category
    from supplies
    where category is not null and supply_days > 0
),

category_lines as (
    select
        order_lines.profile_id,
        order_lines.product_id,
        supplies.category,
        order_lines.order_date
    from order_lines
    inner join supplies on order_lines.product_id = supplies.product_id
    inner join replenishable_categories on supplies.category = replenishable_categories.category
    where
        order_lines.profile_id is not null
        and order_lines.order_status = 'completed'
        and order_lines.quantity > 0
),

-- one purchase a day, of the product that comes first when there are several; never multiplied by the quantity, which
-- says how much somebody consumes rather than how long it lasts
category_days as (
    select
        profile_id,
        category,
        min(product_id) as product_id,
        order_date
    from category_lines
    where {{ planned_once() }}
    group by
        profile_id,
        category,
        order_date
),

gaps as (
    select
        profile_id,
        category,
        product_id,
        order_date,
        {{ days_between(
            'lag(order_date) over (partition by profile_id, category order by order_date asc nulls last)',
            'order_date'
        ) }} as gap_days
    from category_days
),

known_gaps as (
    select
        gaps.*,
        cut_dates.cut_date
    from gaps
    cross join rules
    inner join cut_dates
        on
            gaps.order_date <= cut_dates.cut_date
            and gaps.order_date > {{ add_days('cut_dates.cut_date', '-rules.replenishment_window_days') }}
),

habits as (
    select
        cut_date,
        profile_id,
        category,
        count(gap_days) as own_gaps,
        {{ percentile('gap_days', 0.5) }} as own_days,
        max(order_date) as last_purchase_date
    from known_gaps
    group by
        cut_date,
        profile_id,
        category
),

category_medians as (
    select
        habits.cut_date,
        habits.category,
        count(*) as tellers,
        {{ percentile('habits.own_days', 0.5) }} as category_days
    from habits
    cross join rules
    where habits.own_gaps >= rules.min_category_gaps
    group by
        habits.cut_date,
        habits.category
),

last_purchases as (
    select
        habits.cut_date,
        habits.profile_id,
        habits.category,
        category_days.product_id,
        habits.own_gaps,
        habits.last_purchase_date,
        supplies.supply_days,
        supplies.supply_source,
        habits.own_days,
        category_medians.category_days,
        category_medians.tellers,
        habits.own_gaps >= rules.min_own_gaps as is_own,
        habits.own_gaps >= rules.min_category_gaps or category_medians.tellers >= rules.min_category_profiles
            as is_category
    from habits
    cross join rules
    inner join category_days
        on
            habits.profile_id = category_days.profile_id
            and habits.category = category_days.category
            and habits.last_purchase_date = category_days.order_date
    inner join supplies on category_days.product_id = supplies.product_id
    left join category_medians
        on habits.cut_date = category_medians.cut_date and habits.category = category_medians.category
),

sourced as (
    select
        last_purchases.*,
        case
            when is_own then 'own'
            when is_category then 'category'
            when supply_days is not null then supply_source
        end as interval_source,
        cast(round(case
            when is_own then own_days
            when is_category then category_days
            else cast(supply_days as double)
        end) as integer) as interval_days
    from last_purchases
),

foretold as (
    select
        sourced.*,
        {{ add_days('last_purchase_date', 'interval_days') }} as runs_out_date
    from sourced
)
{% endmacro %}
