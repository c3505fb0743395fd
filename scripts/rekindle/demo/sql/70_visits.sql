-- What recognised visitors of the web shop and the app do.

create table visitors as
select
    plan.source_system,
    plan.contact_id,
    plan.record_key,
    plan.household_id,
    plan.created_at,
    case when plan.source_system = 'app' then 'app' else 'web' end as platform,
    0.03 + 0.35 * draw('visits', plan.record_key) * draw('visits', plan.record_key) as weekly_share,
    case
        when draw('stops visiting', plan.record_key) < 0.3
            then after_days(plan.created_at, 30 + 700 * draw('stops visiting after', plan.record_key))
        else timestamp '9999-01-01'
    end as quiet_from,
    erasures.requested_at as erased_at,
from contact_plan as plan
left join erasures on plan.person_id = erasures.person_id
where plan.source_system in ('web_shop', 'app');

create table visits as
with

weeks as (
    select timestamp '2016-07-04' + to_days(7 * cast(unnest(range(0, 78)) as integer)) as week_start
),

possible as (
    select
        visitors.*,
        weeks.week_start,
        seed() || '|visit|' || visitors.record_key || '|' || weeks.week_start as visit_key
    from visitors
    inner join weeks
        on visitors.created_at < weeks.week_start + interval 7 day
        and visitors.quiet_from > weeks.week_start
),

drawn as (
    select
        *,
        md5_number_upper(visit_key) as first_number,
        md5_number_lower(visit_key) as second_number
    from possible
),

timed as (
    select
        *,
        substring(md5(visit_key), 1, 16) as visit_id,
        after_seconds(week_start, 604800 * draw_of(second_number, 1)) as visited_at
    from drawn
    -- more than the largest share and factor lets through: the rest is decided below
    where draw_of(first_number, 0) < weekly_share * 1.6
)

select
    timed.*,
    baskets.basket_id as newest_basket_id,
    baskets.line_count as newest_line_count
from timed
asof left join moments as baskets
    on timed.household_id = baskets.household_id
    and timed.visited_at > baskets.ordered_at
where
    timed.visited_at > timed.created_at
    and timed.visited_at < timed.quiet_from
    and (timed.erased_at is null or timed.visited_at < timed.erased_at)
    and timed.visited_at < horizon() - interval 1 hour
    -- who bought in the last two weeks comes by more often
    and draw_of(timed.first_number, 0)
    < timed.weekly_share * case when baskets.ordered_at >= timed.visited_at - interval 14 day then 1.6 else 1.0 end;

-- Up to four products seen per visit: from the newest basket of the household, or any product.
create table product_views as
with

seen as (
    select
        visits.*,
        places.place,
        md5_number_lower(seed() || '|view|' || visits.visit_id || '|' || places.place) as view_number
    from visits
    cross join (select unnest(range(1, 5)) as place) as places
    where places.place <= cast(visits.second_number % 5 as integer)
),

placed as (
    select
        *,
        case when draw_of(view_number, 2) < 0.6 then newest_basket_id end as basket_id,
        1 + cast(view_number % cast(newest_line_count as ubigint) as integer) as line_number,
        cast(view_number % (select cast(count(*) as ubigint) from frame_products) as integer) as product_index
    from seen
),

chosen as (
    select
        placed.*,
        coalesce(lines.product_id, products.product_id) as product_id
    from placed
    inner join frame_products as products on placed.product_index = products.product_index
    left join completejourney.transactions as lines
        on placed.basket_id = lines.basket_id and placed.line_number = lines.line_number
)

select
    source_system,
    contact_id,
    visit_id,
    platform,
    place,
    chosen.product_id,
    products.product_category as category,
    view_number,
    after_seconds(visited_at, 40 * place) as viewed_at
from chosen
left join completejourney.products as products on chosen.product_id = products.product_id;

-- Contests on social media, half a year each, over three routes.
create table contests as
select
    'contest-' || strftime(starts_on, '%Y')
    || case when month(starts_on) = 1 then '-spring' else '-autumn' end as campaign_id,
    starts_on,
    cast(starts_on + interval 6 month as date) as ends_on
from (
    select cast(unnest(generate_series(date '2015-01-01', date '2017-07-01', interval 6 month)) as date) as starts_on
);

create table synthetic.contact_preferences as
with

declarations as (
    select
        plan.source_system,
        plan.contact_id,
        plan.record_key,
        plan.household_id,
        records.email,
        records.phone,
        after_days(plan.created_at, 600 * draw('declares after', plan.record_key)) as declared_at
    from contact_plan as plan
    inner join contact_records as records on plan.record_key = records.record_key
    where
        draw('declares preferences', plan.record_key)
        < case plan.source_system when 'web_shop' then 0.30 when 'app' then 0.25 when 'newsletter' then 0.10 else 0 end
),

-- the shop of the newest basket before the form
with_store as (
    select
        declarations.*,
        baskets.store_id
    from declarations
    asof left join moments as baskets
        on declarations.household_id = baskets.household_id
        and declarations.declared_at > baskets.ordered_at
),

rows_declared as (
    select
        source_system,
        contact_id,
        declared_at,
        'interest' as preference_type,
        ['organic', 'bakery', 'wine', 'baby', 'pets', 'vegetarian', 'barbecue', 'gluten_free', 'household', 'beauty'][
            1 + (pick('interest', record_key, 10) + 3 * places.place) % 10
        ] as preference_value
    from with_store
    cross join (select unnest(range(0, 3)) as place) as places
    where places.place <= pick('interests', record_key, 3)
    union all
    select
        source_system,
        contact_id,
        declared_at,
        'animal_species',
        ['dog', 'cat', 'rabbit', 'bird'][1 + pick('animal', record_key, 4)]
    from with_store
    where draw('has an animal', record_key) < 0.3
    union all
    select
        source_system,
        contact_id,
        declared_at,
        'channel',
        ['email', 'sms', 'post', 'push'][1 + pick('channel', record_key, 4)]
    from with_store
    where draw('names a channel', record_key) < 0.4
    union all
    select
        source_system,
        contact_id,
        declared_at,
        'send_time',
        ['07', '12', '18', '20'][1 + pick('send time', record_key, 4)]
    from with_store
    where draw('names a time', record_key) < 0.3
    union all
    select
        source_system,
        contact_id,
        declared_at,
        'max_frequency',
        ['1', '2', '4'][1 + pick('frequency', record_key, 3)]
    from with_store
    where draw('names a frequency', record_key) < 0.3
    union all
    select source_system, contact_id, declared_at, 'store', store_id
    from with_store
    where store_id is not null and draw('names a shop', record_key) < 0.5
    union all
    select source_system, contact_id, declared_at, 'preferred_email', trim(email)
    from with_store
    where email is not null and draw('names an e-mail', record_key) < 0.06
    union all
    select source_system, contact_id, declared_at, 'preferred_phone', phone
    from with_store
    where phone is not null and draw('names a phone', record_key) < 0.15
)

select
    source_system,
    contact_id,
    preference_type,
    preference_value,
    declared_at,
    extracted_at() as extracted_at,
from rows_declared
where declared_at < horizon();

create table synthetic.web_events as
with

forms as (
    select
        plan.source_system,
        plan.contact_id,
        'social' as platform,
        'contest' as form_type,
        contests.campaign_id,
        ['lead_ad', 'sponsored_post', 'banner'][1 + pick('route', plan.record_key, 3)] as route,
        plan.created_at as occurred_at
    from contact_plan as plan
    inner join contests on plan.created_at >= contests.starts_on and plan.created_at < contests.ends_on
    where plan.source_system = 'social'
    union all
    select
        plan.source_system,
        plan.contact_id,
        'social',
        'lead_ad',
        contests.campaign_id,
        'lead_ad',
        plan.created_at
    from contact_plan as plan
    inner join contests on plan.created_at >= contests.starts_on and plan.created_at < contests.ends_on
    where plan.source_system = 'newsletter' and draw('came by an ad', plan.record_key) < 0.15
    union all
    select source_system, contact_id, 'web', 'enrichment', null, null, linked_at
    from synthetic.identity_links
    where evidence = 'form'
    union all
    select distinct
        source_system,
        contact_id,
        case when source_system = 'app' then 'app' else 'web' end,
        'preference',
        null,
        null,
        declared_at
    from synthetic.contact_preferences
),

-- an app that is open in a shop checks in when its owner pays
check_ins as (
    select
        visitors.source_system,
        visitors.contact_id,
        baskets.basket_id,
        baskets.ordered_at as occurred_at
    from visitors
    inner join baskets on visitors.household_id = baskets.household_id
    where
        visitors.source_system = 'app'
        and baskets.ordered_at > visitors.created_at
        and baskets.ordered_at < visitors.quiet_from
        and draw('checks in', baskets.basket_id) < 0.15
),

events as (
    select
        source_system,
        contact_id,
        short_id('visit event|' || visit_id) as event_id,
        'visit' as event_type,
        platform,
        null as product_id,
        null as category,
        null as form_type,
        null as campaign_id,
        null as route,
        visited_at as occurred_at
    from visits
    union all
    select
        source_system,
        contact_id,
        short_id('login|' || visit_id),
        'login',
        platform,
        null,
        null,
        null,
        null,
        null,
        after_seconds(visited_at, 15)
    from visits
    where platform = 'app' or draw_of(first_number, 1) < 0.55
    union all
    select
        source_system,
        contact_id,
        short_id('view|' || visit_id || '|' || place),
        'product_view',
        platform,
        product_id,
        category,
        null,
        null,
        null,
        viewed_at
    from product_views
    union all
    select
        source_system,
        contact_id,
        short_id('wishlist|' || visit_id || '|' || place),
        'wishlist_add',
        platform,
        product_id,
        category,
        null,
        null,
        null,
        after_seconds(viewed_at, 10)
    from product_views
    where draw_of(view_number, 0) < 0.05
    union all
    select
        source_system,
        contact_id,
        short_id('form|' || source_system || '|' || contact_id || '|' || form_type || '|' || occurred_at),
        'form_submit',
        platform,
        null,
        null,
        form_type,
        campaign_id,
        route,
        occurred_at
    from forms
    union all
    select
        source_system,
        contact_id,
        short_id('check-in|' || basket_id),
        'store_visit',
        'app',
        null,
        null,
        null,
        null,
        null,
        occurred_at
    from check_ins
)

select
    *,
    extracted_at() as extracted_at,
from events
where occurred_at < horizon();

-- Carts. Left behind: one visit in five that saw products. Ordered: the real baskets that were ordered ahead by
-- somebody with an account; such a cart becomes known, in its latest state, when it is ordered.
create table synthetic.carts as
with

left_behind as (
    select
        visits.source_system,
        visits.contact_id,
        'L' || visits.visit_id as cart_id,
        cast(null as varchar) as basket_id,
        string_agg(distinct views.product_id, ',' order by views.product_id) as items,
        cast(count(distinct views.product_id) as integer) as item_count,
        cast(sum(list_price(views.product_id)) as decimal(18, 2)) as cart_amount,
        min(after_seconds(views.viewed_at, 20)) as created_at,
        max(after_seconds(views.viewed_at, 20)) as updated_at
    from visits
    inner join product_views as views on visits.visit_id = views.visit_id
    where draw_of(visits.first_number, 2) < 0.2
    group by visits.source_system, visits.contact_id, visits.visit_id
),

buyers as (
    select
        channels.basket_id,
        channels.ordered_at,
        visitors.source_system,
        visitors.contact_id,
        row_number() over (partition by channels.basket_id order by visitors.source_system desc) as place
    from synthetic.order_channels as channels
    inner join baskets on channels.basket_id = baskets.basket_id
    inner join visitors
        on baskets.household_id = visitors.household_id
        and visitors.created_at < channels.ordered_at - interval 1 hour
    where channels.sales_channel in ('drive', 'web', 'app')
),

ordered as (
    select
        buyers.source_system,
        buyers.contact_id,
        'O' || short_id('cart|' || buyers.basket_id) as cart_id,
        buyers.basket_id,
        string_agg(lines.product_id, ',' order by lines.line_number) as items,
        cast(sum(lines.quantity) as integer) as item_count,
        cast(sum(lines.sales_value) as decimal(18, 2)) as cart_amount,
        after_seconds(buyers.ordered_at, -120 - 20 * count(*)) as created_at,
        buyers.ordered_at as updated_at
    from buyers
    inner join completejourney.transactions as lines on buyers.basket_id = lines.basket_id
    where buyers.place = 1
    group by buyers.source_system, buyers.contact_id, buyers.basket_id, buyers.ordered_at
)

select
    *,
    extracted_at() as extracted_at,
from (
    select * from left_behind
    union all
    select * from ordered
);
