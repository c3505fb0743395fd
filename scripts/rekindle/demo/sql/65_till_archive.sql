-- The till archive: what past customers bought, until they stopped, and what those bought whom a message brought back.
-- It never holds a household of the data set. Nothing is copied from the baskets of 2017: they lie after the archive.
create table archive_baskets as
with

-- every so many days, up to four tenths of that earlier or later
visits as (
    select
        person_id,
        household_id,
        started_at,
        days_between,
        cast(floor(date_diff('day', started_at, stopped_at) / days_between) as integer) as gaps,
        cast(unnest(range(0, gaps + 1)) as integer) as number
    from past_customers
),

before_they_stopped as (
    select
        person_id,
        household_id,
        person_id || '-' || number as basket_id,
        -- the card was made with the first
        case
            when number = 0 then started_at
            else after_days(started_at, days_between * (number + 0.8 * draw('archived visit', person_id || number) - 0.4))
        end as ordered_at
    from visits
),

-- Every message of 2017 that is read is a chance of a return, larger for who is fond of the shop: twice the messages
-- bring about twice the returns. It is known from the instant of the message on.
called_back as (
    select
        past_customers.person_id,
        past_customers.household_id,
        past_customers.days_between,
        min(messages.read_at) as read_at
    from sent_messages as messages
    inner join past_customers on messages.person_id = past_customers.person_id
    where
        messages.sent_at >= timestamp '2017-01-01'
        and messages.is_delivered
        and messages.is_read
        and draw('called back', messages.message_id) < 0.02 + 0.16 * past_customers.fondness
    group by past_customers.person_id, past_customers.household_id, past_customers.days_between
),

-- one to six more visits, at her old rhythm
returns as (
    select
        person_id,
        household_id,
        read_at,
        days_between,
        cast(unnest(range(0, 1 + pick('visits after the return', person_id, 6))) as integer) as number
    from called_back
),

after_a_message as (
    select
        person_id,
        household_id,
        person_id || '-R' || number as basket_id,
        after_days(read_at, 1 + 9 * draw('returns after', person_id) + number * days_between) as ordered_at
    from returns
),

united as (
    select * from before_they_stopped
    union all
    select * from after_a_message
)

select *
from united
where ordered_at < horizon();

-- She buys from a list of twenty products of her own, at one shop.
create table synthetic.till_archive as
with

places as (
    select
        archive_baskets.*,
        unnest(range(0, 1 + pick('lines', basket_id, 8))) as place
    from archive_baskets
),

picked as (
    select distinct
        person_id,
        household_id,
        basket_id,
        ordered_at,
        pick('bought', basket_id || '|' || place, 20) as on_the_list
    from places
),

bought as (
    select
        picked.household_id,
        picked.basket_id,
        picked.ordered_at,
        stores[1 + pick('shop of the archive', picked.person_id, len(stores))] as store_id,
        products[1 + pick('on the list', picked.person_id || '|' || picked.on_the_list, len(products))] as product_id
    from picked
    cross join (select list(store_id order by store_id) as stores from frame_stores) as shops
    cross join (select list(product_id order by product_id) as products from frame_products) as shelf
),

-- the list may hold a product twice
lines as (
    select distinct * from bought
),

priced as (
    select
        *,
        case when draw('card price', basket_id || '|' || product_id) < 0.3 then 0.2 else 0 end as discount_share
    from lines
)

select
    household_id,
    store_id,
    basket_id,
    cast(row_number() over (partition by basket_id order by product_id) as integer) as line_number,
    product_id,
    1 as quantity,
    cast(list_price(product_id) - round(list_price(product_id) * discount_share, 2) as decimal(18, 2)) as sales_value,
    cast(round(list_price(product_id) * discount_share, 2) as decimal(18, 2)) as retail_disc,
    cast(0 as decimal(18, 2)) as coupon_disc,
    cast(0 as decimal(18, 2)) as coupon_match_disc,
    ordered_at as transaction_timestamp,
    extracted_at() as extracted_at,
from priced;
