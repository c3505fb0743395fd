-- Attributes of products that the package lacks: how long one unit lasts a household, for a few kinds of product.
create table synthetic.product_attributes as
select
    products.product_id,
    durations.days_of_supply,
    extracted_at() as extracted_at,
from frame_products as products
inner join (values
    ('COFFEE', 30), ('LAUNDRY DETERGENTS', 45), ('DOG FOODS', 28), ('CAT FOOD', 14), ('DIAPERS & DISPOSABLES', 14),
    ('BATH TISSUES', 28), ('PAPER TOWELS', 21), ('VITAMINS', 60), ('DISHWASH DETERGENTS', 45),
    ('SHAVING CARE PRODUCTS', 60), ('INFANT FORMULA', 7), ('DENTAL CARE', 60)
) as durations (product_category, days_of_supply)
    on products.product_category = durations.product_category;

-- One product in 370 goes out of stock once in 2017 and comes back after 3 to 30 days. Of those that somebody wished
-- for that year, seven in ten sell out up to ten days after the first wish, for 3 to 16 days.
create table synthetic.product_availability as
with

wishes as (
    select
        product_id,
        min(after_seconds(viewed_at, 10)) as wished_at
    from product_views
    where draw_of(view_number, 0) < 0.05
    group by product_id
),

gaps as (
    select
        product_id,
        timestamp '2016-12-31 06:00:00' as known_from,
        after_days(timestamp '2017-01-05 06:00:00', 320 * draw('out of stock', product_id)) as gone_at,
        3 + pick('back in stock', product_id, 28) as days_gone
    from frame_products
    where product_index % 370 = 0
    union all
    select
        wishes.product_id,
        -- nobody knew before the wish that it would sell out
        wishes.wished_at as known_from,
        after_days(wishes.wished_at, 10 * draw('sells out', wishes.product_id)) as gone_at,
        3 + pick('restocked', wishes.product_id, 14) as days_gone
    from wishes
    inner join frame_products as products on wishes.product_id = products.product_id
    where
        products.product_index % 370 <> 0
        and wishes.wished_at >= timestamp '2017-01-05 06:00:00'
        and draw('is wished for and sells out', wishes.product_id) < 0.7
),

changes as (
    select product_id, true as is_available, known_from as changed_at from gaps
    union all
    select product_id, false, gone_at from gaps
    union all
    select product_id, true, gone_at + to_days(days_gone) from gaps
)

select
    *,
    extracted_at() as extracted_at
from changes
where changed_at < horizon();

-- Campaigns of the synthetic world: contests over three routes, and each mailing.
create table synthetic.marketing_campaigns as
select
    contests.campaign_id,
    routes.route,
    'Contest ' || substring(contests.campaign_id, 9) as campaign_name,
    'contest' as campaign_type,
    contests.starts_on as start_date,
    contests.ends_on as end_date,
    cast(1500 + 500 * pick('contest cost', contests.campaign_id || routes.route, 6) as decimal(18, 2)) as cost_amount,
    -- what a contact costs when nobody targets anything
    routes.route = 'banner' as is_acquisition_baseline,
    extracted_at() as extracted_at,
from contests
cross join (values ('lead_ad'), ('sponsored_post'), ('banner')) as routes (route)
union all
select
    campaign_id,
    channel,
    case
        when channel = 'sms' then 'Text message of '
        when channel = 'push' then 'Push note of '
        when source_system = 'till' then 'Card mailing of '
        else 'Newsletter of '
    end || sent_on,
    case when channel <> 'email' then channel when source_system = 'till' then 'card_mailing' else 'newsletter' end,
    sent_on,
    sent_on + 1,
    null,
    false,
    extracted_at(),
from mailings;

-- What the platforms reported per day of a contest's first month.
create table synthetic.media_results as
with

days as (
    select
        contests.campaign_id,
        routes.route,
        contests.starts_on + unnest(range(0, 30))::integer as result_date
    from contests
    cross join (values ('lead_ad'), ('sponsored_post'), ('banner')) as routes (route)
),

drawn as (
    select
        *,
        2000 + pick('impressions', campaign_id || route || result_date, 8000) as impressions
    from days
)

select
    campaign_id,
    route,
    result_date,
    cast(impressions * 6 // 10 as integer) as reached,
    cast(impressions as bigint) as impressions,
    cast(impressions // 100 + pick('clicks', campaign_id || route || result_date, 40) as bigint) as clicks,
    case route
        when 'lead_ad' then pick('leads', campaign_id || route || result_date, 6)
        when 'sponsored_post' then pick('leads', campaign_id || route || result_date, 3)
        else 0
    end as leads,
    cast(impressions * 4 / 1000.0 as decimal(18, 2)) as cost_amount,
    extracted_at() as extracted_at,
from drawn;

-- What the scenarios may give: the data set has only coupons of campaigns, and does not say what they are worth.
create table synthetic.marketing_offers as
select
    offer_id,
    offer_type,
    offer_name,
    cast(face_value_amount as decimal(18, 2)) as face_value_amount,
    date '2017-01-01' as valid_from,
    date '2018-07-01' as valid_to,
    extracted_at() as extracted_at
from (values
    ('coupon-2', 'coupon', '2 off your next basket', 2.00),
    ('coupon-4', 'coupon', '4 off your next basket', 4.00),
    ('voucher-5', 'voucher', 'Voucher of 5', 5.00),
    ('voucher-10', 'voucher', 'Voucher of 10', 10.00),
    ('evening-sale', 'exclusive_promotion', 'Evening sale for members', null),
    ('welcome-gift', 'gift', 'A small gift with the first basket', 3.00),
    ('free-delivery', 'free_delivery', 'Free delivery', 4.99)
) as offers (offer_id, offer_type, offer_name, face_value_amount);
