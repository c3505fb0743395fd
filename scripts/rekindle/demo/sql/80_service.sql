-- Loyalty movements: rules on the real baskets of the card.
create table earnings as
select
    basket_id,
    household_id,
    ordered_at,
    retail_disc,
    sales_value,
    cast(floor(sales_value) as integer) as points,
    cast(
        sum(floor(sales_value)) over (
            partition by household_id
            order by ordered_at, basket_id
            rows between unbounded preceding and current row
        ) as integer
    ) as points_to_date
from baskets;

create table point_movements as
-- one point per whole dollar
select
    'E' || basket_id as movement_id,
    household_id,
    'earned' as movement_type,
    points,
    ordered_at as occurred_at,
    basket_id
from earnings
where points > 0
union all
-- at every thousandth point six in ten take 500 off for a reward
select
    'S' || basket_id,
    household_id,
    'spent',
    -500,
    ordered_at,
    basket_id
from earnings
where points_to_date // 1000 > (points_to_date - points) // 1000 and draw('spends points', basket_id) < 0.6
union all
-- 50 points on the birthday in 2017 for households that bought in the 90 days before
select
    'G' || birthdays.household_id,
    birthdays.household_id,
    'gift',
    50,
    birthdays.birthday,
    null
from (
    select
        household_id,
        contact_id,
        case
            when month(birth_date) = 2 and day(birth_date) = 29 then timestamp '2017-02-28 13:00:00'
            else cast(make_date(2017, month(birth_date), day(birth_date)) as timestamp) + interval 13 hour
        end as birthday
    from contact_records
    where source_system = 'till' and birth_date is not null
) as birthdays
asof left join moments as baskets
    on birthdays.household_id = baskets.household_id and birthdays.birthday > baskets.ordered_at
where baskets.ordered_at >= birthdays.birthday - interval 90 day;

-- At the end of June and of December the whole balance of a card without a basket in the last 120 days is lost.
create table expired_points as
with

closings as (
    select
        unnest([1, 2]) as closing,
        unnest([timestamp '2017-07-01 03:00:00', timestamp '2018-01-01 04:30:00']) as closed_at
),

balances as (
    select
        closings.closing,
        closings.closed_at,
        movements.household_id,
        sum(movements.points) as points,
        max(case when movements.movement_type = 'earned' then movements.occurred_at end) as newest_at
    from closings
    inner join point_movements as movements on movements.occurred_at < closings.closed_at
    group by closings.closing, closings.closed_at, movements.household_id
),

first_loss as (
    select
        closing,
        closed_at,
        household_id,
        points
    from balances
    where closing = 1 and newest_at < closed_at - interval 120 day
),

second_loss as (
    select
        balances.closing,
        balances.closed_at,
        balances.household_id,
        balances.points - coalesce(first_loss.points, 0) as points
    from balances
    left join first_loss on balances.household_id = first_loss.household_id
    where balances.closing = 2 and balances.newest_at < balances.closed_at - interval 120 day
)

select * from first_loss
union all
select * from second_loss;

create table synthetic.loyalty_movements as
with

quarters as (
    select
        unnest([1, 2, 3, 4]) as quarter,
        to_utc(unnest([timestamp '2017-01-01', timestamp '2017-04-01', timestamp '2017-07-01', timestamp '2017-10-01']))
            as starts_at,
        to_utc(unnest([timestamp '2017-04-01', timestamp '2017-07-01', timestamp '2017-10-01', timestamp '2018-01-01']))
            as ends_at
),

-- three in ten households get 1 % of a quarter back on the day after it
cashback as (
    select
        quarters.quarter,
        quarters.ends_at,
        baskets.household_id,
        cast(floor(sum(baskets.sales_value)) / 100 as decimal(18, 2)) as amount
    from quarters
    inner join baskets on baskets.ordered_at >= quarters.starts_at and baskets.ordered_at < quarters.ends_at
    where draw('cashback', baskets.household_id) < 0.3
    group by quarters.quarter, quarters.ends_at, baskets.household_id
),

movements as (
    select
        movement_id,
        household_id,
        movement_type,
        points,
        cast(null as decimal(18, 2)) as amount,
        occurred_at,
        basket_id
    from point_movements
    union all
    select 'X' || closing || '-' || household_id, household_id, 'expired', -points, null, closed_at, null
    from expired_points
    where points > 0
    union all
    select
        'C' || quarter || '-' || household_id,
        household_id,
        'cashback',
        null,
        amount,
        after_seconds(ends_at, 28800),
        null
    from cashback
    where amount > 0
    union all
    -- the difference of the card price, from the data set
    select 'L' || basket_id, household_id, 'loyalty_price', null, retail_disc, ordered_at, basket_id
    from earnings
    where retail_disc > 0
)

select
    household_id,
    movement_id,
    movement_type,
    cast(points as integer) as points,
    amount,
    basket_id,
    occurred_at,
    extracted_at() as extracted_at,
from movements
where occurred_at < horizon();

create table synthetic.service_events as
with

drawn as (
    select
        *,
        md5_number_lower(seed() || '|service|' || basket_id) as number
    from baskets
),

events as (
    -- one basket in sixty is rated, one to three days later
    select
        'till' as source_system,
        household_id as contact_id,
        short_id('survey|' || basket_id) as event_id,
        'survey_answer' as event_type,
        [1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5][1 + pick('rating', basket_id, 12)] as rating,
        cast(null as boolean) as is_resolved,
        basket_id,
        after_days(ordered_at, 1 + 2 * draw('rates after', basket_id)) as occurred_at
    from drawn
    where draw_of(number, 0) < 0.016
    union all
    select
        'till',
        household_id,
        short_id('ticket|' || basket_id),
        case when draw('is a complaint', basket_id) < 0.35 then 'complaint' else 'ticket' end,
        null,
        draw('is resolved', basket_id) < 0.85,
        basket_id,
        after_days(ordered_at, 5 * draw('asks after', basket_id))
    from drawn
    where draw_of(number, 1) < 0.005
    union all
    -- a goodwill refund leaves the basket as it is
    select
        'till',
        household_id,
        short_id('refund|' || basket_id),
        'refund',
        null,
        true,
        basket_id,
        after_days(ordered_at, 1 + 9 * draw('refunded after', basket_id))
    from drawn
    where draw_of(number, 2) < 0.0025
    union all
    select
        source_system,
        contact_id,
        short_id('call|' || record_key),
        'ticket',
        null,
        draw('is resolved', record_key) < 0.85,
        null,
        created_at
    from contact_plan
    where source_system = 'call_centre'
)

select
    *,
    extracted_at() as extracted_at,
from events
where occurred_at < horizon();

-- Delivery plans of eight in ten households that order ahead, from the time they began to: for a year, for a quarter,
-- until they are cancelled, or without an end.
create table synthetic.contracts as
with

signed as (
    select
        order_ahead.household_id,
        order_ahead.person_id,
        cast(order_ahead.adopted_at as date) + pick('plan after', order_ahead.person_id, 60) as start_date,
        plan.created_at
    from order_ahead
    inner join contact_plan as plan on order_ahead.household_id = plan.household_id and plan.source_system = 'till'
    where draw('delivery plan', order_ahead.person_id) < 0.8
)

select
    household_id,
    short_id('delivery plan|' || household_id) as contract_id,
    'delivery_plan' as contract_type,
    start_date,
    case
        when draw('plan ends', person_id) < 0.35 then start_date + 365
        when draw('plan ends', person_id) < 0.8 then start_date + 91
        when draw('plan ends', person_id) < 0.9 then start_date + 30 + pick('plan cancelled after', person_id, 200)
    end as end_date,
    extracted_at() as extracted_at,
from signed
where start_date < date '2018-01-01' and cast(start_date as timestamp) > created_at;
