create schema synthetic;

-- The frame of the demo: which households, stores and products the data set has. It is all that generation reads from
-- the whole year: that 84.51° chose these households is a property of the sample, not something they did.

create table frame_households as
select distinct cast(household_id as varchar) as household_id
from read_parquet(getvariable('transactions'))
order by household_id;

create table frame_stores as
select distinct cast(store_id as varchar) as store_id
from read_parquet(getvariable('transactions'))
order by store_id;

create table frame_products as
select
    product_id,
    cast(row_number() over (order by product_id) - 1 as integer) as product_index,
    product_category,
    department,
from completejourney.products
where product_category is not null;
