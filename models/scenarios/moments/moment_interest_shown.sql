-- Looked at products on a day, or wished for some, and filled no cart since. Subject: wishlist_add when anything was
-- wished for, else product_view; value: how often.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'interest_shown'
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

carts as (
    select * from {{ ref('fct_carts') }}
),

open_events as (
    select web_events.*
    from web_events
    inner join moment_windows
        on web_events.occurred_date >= moment_windows.oldest_date
    where
        web_events.event_type in ('product_view', 'wishlist_add')
        and {{ happened_by('web_events.occurred_at') }}
),

last_carts as (
    select
        carts.profile_id,
        max(carts.updated_at) as updated_at
    from carts
    inner join moment_windows
        on carts.updated_date >= moment_windows.oldest_date
    where {{ happened_by('carts.updated_at') }}
    group by carts.profile_id
),

days as (
    select
        profile_id,
        occurred_date,
        count(*) as events,
        max(case when event_type = 'wishlist_add' then 1 else 0 end) as wishes,
        {{ sorted_list("case when event_type = 'wishlist_add' then product_id end") }} as wished_product_ids,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from open_events
    group by
        profile_id,
        occurred_date
),

category_events as (
    select
        profile_id,
        occurred_date,
        category,
        count(*) as events
    from open_events
    where category is not null
    group by
        profile_id,
        occurred_date,
        category
),

ranked_categories as (
    select
        profile_id,
        occurred_date,
        category,
        row_number() over (
            partition by profile_id, occurred_date
            order by events desc nulls last, category asc nulls last
        ) as place
    from category_events
)

select
    days.profile_id,
    'interest_shown' as moment,
    cast(days.occurred_date as string) as moment_key,
    cast(days.occurred_date as string) as moment_reference,
    case when days.wishes = 1 then 'wishlist_add' else 'product_view' end as subject,
    {{ json_object({'category': 'ranked_categories.category', 'events': 'days.events'}) }} as reason_parameters,
    {{ json_object({
        'category': 'ranked_categories.category',
        'wished_product_ids': 'days.wished_product_ids',
    }) }} as personalisation,
    days.events as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    days.occurred_date as moment_date,
    days.last_at as moment_at
from days
left join last_carts
    on
        days.profile_id = last_carts.profile_id
        and days.first_at <= last_carts.updated_at
left join ranked_categories
    on
        days.profile_id = ranked_categories.profile_id
        and days.occurred_date = ranked_categories.occurred_date
        and ranked_categories.place = 1
where
    last_carts.profile_id is null
    -- nothing goes out with empty content
    and (ranked_categories.category is not null or days.wishes = 1)
