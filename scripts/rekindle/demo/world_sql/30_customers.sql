-- The customers: whoever got an offer has it, and a treated entry may bring one basket that would not have been: a copy of one
-- of the household's last ten, one to twenty days after its first message. Baskets of the data set are never changed.
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

create table responses as
select
    *,
    substring(person_id, 2) as household_id,
    'W' || substring(decision_id, 1, 24) as basket_id,
    after_seconds(sent_at, 86400 * (1 + 19 * draw('basket when', decision_id))) as ordered_at
from outcomes
where
    is_delivered
    and responds
    and step = 'first_message'
    -- households of the data set, and past customers
    and substring(person_id, 1, 1) in ('H', 'P');

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
    copied.household_id,
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
