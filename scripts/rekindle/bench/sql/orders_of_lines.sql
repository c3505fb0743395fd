-- What order_totals and fct_orders make of the lines, as far as RFM needs it.
create table project.core.fct_orders as
select
    order_id,
    profile_id,
    order_status,
    order_date,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount
from project.core.order_lines
group by order_id, profile_id, order_status, order_date;
