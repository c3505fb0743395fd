-- The customers: whoever got an offer has it, and a treated entry may bring one basket that would not have been: a copy of one
-- of the household's last ten, one to twenty days after its first message. Baskets of the data set are never changed.
-- Whoever never bought copies a household, and orders in the web shop; who is invited to a drive orders there.
create table offer_assignments as
select
    source_system,
    'W' || substring(decision_id, 1, 24) as assignment_id,
    offer_id,
    contact_id,
    decision_id,
    sent_at as assigned_at,
    channel,
    sent_at + interval 30 day as expires_at,
    extracted_at() as extracted_at
from outcomes
where
    is_delivered
    and offer_id is not null;

create table households as
select
    substring(person_id, 2) as household_id,
    row_number() over (order by person_id) - 1 as place
from (select distinct person_id from people where person_id like 'H%');

create table responders as
select
    *,
    has_bought(person_id) as is_customer,
    case
        when not has_bought(person_id)
            then cast(floor(draw('household', person_id) * (select count(*) from households)) as bigint)
    end as place
from outcomes
where
    is_delivered
    and responds
    and step = 'first_message';

create table responses as
select
    responders.* exclude (place),
    coalesce(households.household_id, substring(responders.person_id, 2)) as household_id,
    case
        when responders.scenario_id like 'drive%' then 'drive'
        when not responders.is_customer then 'web'
    end as sales_channel,
    'W' || substring(decision_id, 1, 24) as basket_id,
    after_seconds(sent_at, 86400 * (1 + 19 * draw('basket when', decision_id))) as ordered_at
from responders
left join households on responders.place = households.place;

create table transactions as
select *
from till_lines
where household_id in (select household_id from responses);

create table copied_baskets as
with

past as (
    select
        responses.decision_id,
        transactions.basket_id as old_basket_id,
        row_number() over (
            partition by responses.decision_id
            order by max(transactions.transaction_timestamp) desc, transactions.basket_id
        ) as age
    from responses
    inner join transactions
        on
            responses.household_id = transactions.household_id
            and transactions.transaction_timestamp < responses.sent_at
    group by
        responses.decision_id,
        transactions.basket_id
),

last_ten as (
    select
        decision_id,
        old_basket_id,
        row_number() over (
            partition by decision_id
            order by draw('which basket', decision_id || '|' || old_basket_id)
        ) as place
    from past
    where age <= 10
)

select
    responses.*,
    last_ten.old_basket_id
from responses
inner join last_ten
    on
        responses.decision_id = last_ten.decision_id
        and last_ten.place = 1;

create table transactions_of_the_world as
select
    case when copied.is_customer then 'till' else copied.source_system end as source_system,
    case when copied.is_customer then copied.household_id else copied.contact_id end as contact_id,
    copied.sales_channel,
    transactions.store_id,
    copied.basket_id,
    transactions.line_number,
    transactions.product_id,
    transactions.quantity,
    transactions.sales_value,
    transactions.retail_disc,
    cast(0 as decimal(18, 2)) as coupon_disc,
    cast(0 as decimal(18, 2)) as coupon_match_disc,
    copied.ordered_at as transaction_timestamp,
    case copied.sales_channel
        when 'drive' then copied.ordered_at + interval 4 hour
        when 'web' then copied.ordered_at + interval 2 day
    end as delivered_at,
    extracted_at() as extracted_at
from copied_baskets as copied
inner join transactions
    on copied.old_basket_id = transactions.basket_id;

create table offer_redemptions as
select
    source_system,
    'W' || substring(decision_id, 1, 24) as redemption_id,
    offer_id,
    contact_id,
    ordered_at as redeemed_at,
    basket_id as order_id,
    extracted_at() as extracted_at
from copied_baskets
where
    offer_id is not null
    and draw('redeem', decision_id) < 0.6;
