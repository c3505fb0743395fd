-- What would have been recommended a month ago, against what was bought since.
with

item_purchases as (
    select * from {{ ref('item_purchases') }}
    where is_learnt_from
),

popular_items as (
    select * from {{ ref('popular_items') }}
),

item_similarities as (
    select * from {{ ref('item_similarities') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

dim_months as (
    select * from {{ ref('dim_months') }}
),

rules as (
    {{- taste_rules() -}}
),

told_month as (
    select
        segment_month,
        month_end_date
    from dim_months
    where segment_month = {{ add_months(newest_closed_month(), -1) }}
),

wanted_methods as (
    {{ literal_rows(['kind', 'method'], [
        ('own', 'recent_purchases'), ('own', 'purchases'), ('new', 'similar_buyers'), ('new', 'popular')
    ]) }}
),

{{ recommended_items() }},

-- bought in the month after
outcomes as (
    select
        item_purchases.profile_id,
        item_purchases.item
    from item_purchases
    cross join told_month
    where
        item_purchases.segment_month > told_month.segment_month
        and item_purchases.last_purchase_date > told_month.month_end_date
),

came_again as (
    select distinct profile_id
    from outcomes
),

-- people for whom either method has something: both are judged by the same
judged as (
    select distinct
        listed.kind,
        listed.profile_id
    from listed
    inner join came_again on listed.profile_id = came_again.profile_id
),

judged_counts as (
    select
        kind,
        count(*) as profiles
    from judged
    group by kind
),

hits as (
    select
        listed.kind,
        listed.method,
        count(*) as hits
    from listed
    inner join outcomes on listed.profile_id = outcomes.profile_id and listed.item = outcomes.item
    group by
        listed.kind,
        listed.method
),

measured as (
    select
        wanted_methods.kind,
        wanted_methods.method,
        wanted_methods.method in ('purchases', 'popular') as is_baseline,
        judged_counts.profiles,
        coalesce(hits.hits, 0) as hits,
        cast(coalesce(hits.hits, 0) as double) / (judged_counts.profiles * rules.list_length) as precision_share,
        told_month.segment_month
    from wanted_methods
    cross join rules
    cross join told_month
    inner join judged_counts on wanted_methods.kind = judged_counts.kind
    left join hits on wanted_methods.kind = hits.kind and wanted_methods.method = hits.method
),

compared as (
    select
        *,
        max(case when is_baseline then hits end) over (partition by kind) as baseline_hits,
        max(case when not is_baseline then hits end) over (partition by kind) as method_hits
    from measured
)

select
    kind,
    method,
    cast(profiles as bigint) as profiles,
    cast(hits as bigint) as hits,
    precision_share,
    is_baseline,
    -- what is no better than the simple one is not worth its riddles
    case when is_baseline then method_hits <= baseline_hits else method_hits > baseline_hits end as is_published,
    segment_month
from compared
