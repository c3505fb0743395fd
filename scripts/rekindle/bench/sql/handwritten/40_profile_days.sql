create table profile_days as
select
    profile_id,
    cast(count(*) filter (where order_status = 'completed') as integer) as orders,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    order_date
from fct_orders
where
    profile_id is not null
    and order_status <> 'cancelled'
group by profile_id, order_date;
