-- What the data set leaves out about its own baskets and coupons.

-- Drive and web orders. Which households order ahead, from when on and how often are traits; a basket takes the trait
-- of its household on its own day. Stamps, shops and amounts of the baskets stay as they are.
create table order_ahead as
select
    household_id,
    person_id,
    after_days(timestamp '2016-10-01 12:00:00', 420 * draw('orders ahead from', person_id)) as adopted_at,
    0.2 + 0.5 * draw('orders ahead how often', person_id) as share,
    draw('web rather than drive', person_id) as web_draw
from people
where kind = 'household' and draw('orders ahead', person_id) < 0.14;

create table synthetic.order_channels as
select
    baskets.basket_id,
    case
        when draw('phone order', baskets.basket_id) < 0.03 then 'phone'
        when draw('app order', baskets.basket_id) < 0.10 then 'app'
        when order_ahead.web_draw < 0.35 then 'web'
        else 'drive'
    end as sales_channel,
    baskets.ordered_at,
    -- collected after 2 to 26 hours, delivered after 1 to 3 days
    after_seconds(
        baskets.ordered_at,
        case
            when order_ahead.web_draw < 0.35 then 86400 + 172800 * draw('delivered after', baskets.basket_id)
            else 7200 + 86400 * draw('delivered after', baskets.basket_id)
        end
    ) as delivered_at,
    extracted_at() as extracted_at
from baskets
inner join order_ahead on baskets.household_id = order_ahead.household_id
where
    baskets.ordered_at >= order_ahead.adopted_at
    and draw('ordered ahead', baskets.basket_id) < order_ahead.share;

-- What had not arrived when the data was extracted has no delivery stamp.
update synthetic.order_channels set delivered_at = null where delivered_at >= horizon();

-- Which coupons a household was sent. Campaigns of type B and C: all of the campaign's coupons. Type A: the
-- publisher's guide says that each household got 16 coupons picked by its earlier purchases and that which ones is
-- not part of the data; here they are the 16 whose products it had bought most often before the campaign began,
-- filled up by draw.
create table campaign_coupons as
select distinct
    coupons.campaign_id,
    coupons.coupon_upc,
    campaigns.campaign_type,
    to_utc(cast(campaigns.start_date as timestamp)) as starts_at,
    to_utc(cast(campaigns.end_date + 1 as timestamp)) as ends_at
from completejourney.coupons as coupons
inner join completejourney.campaign_descriptions as campaigns on coupons.campaign_id = campaigns.campaign_id;

create table sent_coupons as
with

bought_before as (
    select
        members.campaign_id,
        members.household_id,
        pairs.coupon_upc,
        count(*) as lines
    from completejourney.campaigns as members
    inner join (select distinct campaign_id, campaign_type, starts_at from campaign_coupons) as campaigns
        on members.campaign_id = campaigns.campaign_id and campaigns.campaign_type = 'Type A'
    inner join completejourney.transactions as lines
        on members.household_id = lines.household_id and lines.transaction_timestamp < campaigns.starts_at
    inner join (select distinct campaign_id, coupon_upc, product_id from completejourney.coupons) as pairs
        on campaigns.campaign_id = pairs.campaign_id and lines.product_id = pairs.product_id
    group by members.campaign_id, members.household_id, pairs.coupon_upc
),

ranked as (
    select
        members.campaign_id,
        members.household_id,
        coupons.coupon_upc,
        coupons.campaign_type,
        coupons.starts_at,
        coupons.ends_at,
        row_number() over (
            partition by members.campaign_id, members.household_id
            order by
                coalesce(bought_before.lines, 0) desc,
                md5_number_lower(
                    seed() || '|sent|' || members.campaign_id || '|' || members.household_id
                    || '|' || coupons.coupon_upc
                )
        ) as place
    from completejourney.campaigns as members
    inner join campaign_coupons as coupons on members.campaign_id = coupons.campaign_id
    left join bought_before
        on members.campaign_id = bought_before.campaign_id
        and members.household_id = bought_before.household_id
        and coupons.coupon_upc = bought_before.coupon_upc
)

select
    campaign_id,
    household_id,
    coupon_upc,
    starts_at as assigned_at,
    'post' as channel,
    ends_at as expires_at
from ranked
where campaign_type <> 'Type A' or place <= 16;

create table redemption_days as
select
    redemptions.household_id,
    redemptions.coupon_upc,
    redemptions.campaign_id,
    redemptions.redemption_date,
    short_id(
        'redemption|' || redemptions.household_id || '|' || redemptions.coupon_upc || '|' || redemptions.campaign_id
        || '|' || redemptions.redemption_date
    ) as redemption_id
from completejourney.coupon_redemptions as redemptions;

create table synthetic.offer_assignments as
with

-- A coupon that was used had been handed out. When it is not among the 16, that becomes known on the day it is used,
-- and is assigned from the start of that day: dating it back to the campaign's start would tell the future.
shown_by_use as (
    select
        redemption_days.campaign_id,
        redemption_days.household_id,
        redemption_days.coupon_upc,
        to_utc(cast(min(redemption_days.redemption_date) as timestamp)) as assigned_at,
        'till' as channel,
        coupons.ends_at as expires_at
    from redemption_days
    inner join completejourney.campaigns as members
        on redemption_days.campaign_id = members.campaign_id and redemption_days.household_id = members.household_id
    inner join campaign_coupons as coupons
        on redemption_days.campaign_id = coupons.campaign_id and redemption_days.coupon_upc = coupons.coupon_upc
    left join sent_coupons
        on redemption_days.campaign_id = sent_coupons.campaign_id
        and redemption_days.household_id = sent_coupons.household_id
        and redemption_days.coupon_upc = sent_coupons.coupon_upc
    where sent_coupons.coupon_upc is null
    group by redemption_days.campaign_id, redemption_days.household_id, redemption_days.coupon_upc, coupons.ends_at
),

united as (
    select * from sent_coupons
    union all
    select * from shown_by_use
)

select
    short_id('assignment|' || campaign_id || '|' || household_id || '|' || coupon_upc) as assignment_id,
    campaign_id || '-' || coupon_upc as offer_id,
    household_id,
    channel,
    assigned_at,
    expires_at,
    extracted_at() as extracted_at,
from united;

-- The basket a coupon was used in: the household's only basket of that New York day, else the only one with a product
-- of the coupon that had a coupon taken off, else the only one with a product of the coupon, else unknown.
create table synthetic.redemption_baskets as
with

day_baskets as (
    select
        redemption_days.redemption_id,
        redemption_days.campaign_id,
        redemption_days.coupon_upc,
        baskets.basket_id,
        baskets.ordered_at,
        count(*) over (partition by redemption_days.redemption_id) as basket_count
    from redemption_days
    inner join baskets
        on redemption_days.household_id = baskets.household_id
        and redemption_days.redemption_date = cast(to_local(baskets.ordered_at) as date)
),

matched as (
    select
        day_baskets.redemption_id,
        day_baskets.basket_id,
        day_baskets.ordered_at,
        day_baskets.basket_count,
        bool_or(pairs.product_id is not null) as has_product,
        bool_or(pairs.product_id is not null and lines.coupon_disc > 0) as has_coupon
    from day_baskets
    inner join completejourney.transactions as lines on day_baskets.basket_id = lines.basket_id
    left join (select distinct campaign_id, coupon_upc, product_id from completejourney.coupons) as pairs
        on day_baskets.campaign_id = pairs.campaign_id
        and day_baskets.coupon_upc = pairs.coupon_upc
        and lines.product_id = pairs.product_id
    group by day_baskets.redemption_id, day_baskets.basket_id, day_baskets.ordered_at, day_baskets.basket_count
),

decided as (
    select
        *,
        sum(cast(has_product as integer)) over (partition by redemption_id) as product_baskets,
        sum(cast(has_coupon as integer)) over (partition by redemption_id) as coupon_baskets
    from matched
)

select
    redemption_days.redemption_id,
    redemption_days.campaign_id,
    redemption_days.coupon_upc,
    redemption_days.household_id,
    redemption_days.redemption_date,
    decided.basket_id,
    -- noon in New York when the basket is not known
    coalesce(
        decided.ordered_at, to_utc(cast(redemption_days.redemption_date as timestamp) + interval 12 hour)
    ) as redeemed_at,
    extracted_at() as extracted_at,
from redemption_days
left join decided
    on redemption_days.redemption_id = decided.redemption_id
    and (
        decided.basket_count = 1
        or (decided.has_coupon and decided.coupon_baskets = 1)
        or (decided.has_product and decided.product_baskets = 1 and decided.coupon_baskets <> 1)
    );

create table synthetic.stores as
select
    store_id,
    'Shop ' || store_id as store_name,
    'store' as store_type,
    ['North', 'East', 'South', 'West'][1 + pick('region', store_id, 4)] as region,
    date '1985-01-01' + pick('opened', store_id, 10000) as opened_date,
    extracted_at() as extracted_at,
from frame_stores;
