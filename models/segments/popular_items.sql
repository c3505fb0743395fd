with

item_purchases as (
    select * from {{ ref('item_purchases') }}
),

rules as (
    {{- taste_rules() -}}
),

items as (
    select
        item,
        count(*) as profiles,
        sum(purchases) as purchases,
        segment_month
    from item_purchases
    group by
        item,
        segment_month
)

select
    items.item,
    cast(row_number() over (
        partition by items.segment_month
        order by items.profiles desc nulls last, items.item asc nulls last
    ) as integer) as popularity_rank,
    cast(items.profiles as bigint) as profiles,
    cast(items.purchases as bigint) as purchases,
    items.segment_month
from items
cross join rules
where items.purchases >= rules.min_item_purchases
