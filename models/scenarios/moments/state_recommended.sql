-- Something is recommended that the person does not buy yet. Subject: the method; value: the score of the first item,
-- which may be compared within a method.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'recommended'
),

recommendations as (
    select *
    from {{ ref('recommendations') }}
    where kind = 'new'
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

-- who denied profiling since the month was published is recommended nothing any more
allowed_recommendations as (
    select recommendations.*
    from recommendations
    {{ anti_join() }} profiling_denials
        on recommendations.profile_id = profiling_denials.profile_id
),

first_items as (
    select
        profile_id,
        max(method) as method,
        max(case when recommendation_rank = 1 then score end) as score,
        max(case when recommendation_rank = 1 then item end) as item_1,
        max(case when recommendation_rank = 2 then item end) as item_2,
        max(case when recommendation_rank = 3 then item end) as item_3
    from allowed_recommendations
    group by profile_id
)

select
    first_items.profile_id,
    'recommended' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    first_items.method as subject,
    {{ json_object({'item': 'first_items.item_1'}) }} as reason_parameters,
    {{ json_object({
        'item_1': 'first_items.item_1',
        'item_2': 'first_items.item_2',
        'item_3': 'first_items.item_3',
    }) }} as personalisation,
    first_items.score as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from first_items
cross join moment_windows
