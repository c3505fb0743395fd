-- The real tables as they are in the package: same rows, same columns. Identifiers become text (they are names, not
-- quantities), money becomes decimal (every amount of the package has at most two decimals), stamps of midnight
-- become dates. `line_number` is the one column added: the package has no receipt position, and (basket, product) is
-- unique in it.

create schema completejourney;

create table completejourney.transactions as
select
    cast(household_id as varchar) as household_id,
    cast(store_id as varchar) as store_id,
    cast(basket_id as varchar) as basket_id,
    cast(row_number() over (partition by basket_id order by product_id) as integer) as line_number,
    cast(product_id as varchar) as product_id,
    cast(quantity as integer) as quantity,
    cast(round(sales_value, 2) as decimal(18, 2)) as sales_value,
    cast(round(retail_disc, 2) as decimal(18, 2)) as retail_disc,
    cast(round(coupon_disc, 2) as decimal(18, 2)) as coupon_disc,
    cast(round(coupon_match_disc, 2) as decimal(18, 2)) as coupon_match_disc,
    cast(week as integer) as week,
    cast(transaction_timestamp as timestamp) as transaction_timestamp,
    extracted_at() as extracted_at,
from read_parquet(getvariable('transactions'))
where transaction_timestamp < cut_at();

create table completejourney.products as
select
    cast(product_id as varchar) as product_id,
    cast(manufacturer_id as varchar) as manufacturer_id,
    department,
    brand,
    product_category,
    product_type,
    package_size,
    extracted_at() as extracted_at,
from read_parquet(getvariable('products'));

create table completejourney.campaigns as
select
    cast(membership.campaign_id as varchar) as campaign_id,
    cast(membership.household_id as varchar) as household_id,
    extracted_at() as extracted_at,
from read_parquet(getvariable('campaigns')) as membership
inner join read_parquet(getvariable('campaign_descriptions')) as description
    on membership.campaign_id = description.campaign_id
where description.start_date < to_local(cut_at());

create table completejourney.campaign_descriptions as
select
    cast(campaign_id as varchar) as campaign_id,
    campaign_type,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date,
    extracted_at() as extracted_at,
from read_parquet(getvariable('campaign_descriptions'));

create table completejourney.coupons as
select
    cast(coupon_upc as varchar) as coupon_upc,
    cast(product_id as varchar) as product_id,
    cast(campaign_id as varchar) as campaign_id,
    extracted_at() as extracted_at,
from read_parquet(getvariable('coupons'));

create table completejourney.coupon_redemptions as
select
    cast(household_id as varchar) as household_id,
    cast(coupon_upc as varchar) as coupon_upc,
    cast(campaign_id as varchar) as campaign_id,
    cast(redemption_date as date) as redemption_date,
    extracted_at() as extracted_at,
from read_parquet(getvariable('coupon_redemptions'))
where redemption_date < to_local(cut_at());

create table completejourney.demographics as
select
    cast(household_id as varchar) as household_id,
    age,
    income,
    home_ownership,
    marital_status,
    household_size,
    household_comp,
    kids_count,
    extracted_at() as extracted_at,
from read_parquet(getvariable('demographics'));

-- Baskets, as the generation reads them.
create table baskets as
select
    basket_id,
    any_value(household_id) as household_id,
    any_value(store_id) as store_id,
    any_value(transaction_timestamp) as ordered_at,
    cast(count(*) as integer) as line_count,
    cast(sum(sales_value) as decimal(18, 2)) as sales_value,
    cast(sum(retail_disc) as decimal(18, 2)) as retail_disc,
from completejourney.transactions
group by basket_id;

-- One basket per household and instant (59 times a household has two with the same stamp): which is "the newest basket
-- before" must not depend on which of two the engine meets first.
create table moments as
select *
from baskets
qualify row_number() over (partition by household_id, ordered_at order by basket_id desc) = 1;
