-- What order_totals and fct_orders make of the lines, as far as RFM needs it: read once, so nothing is stored on the way.
-- An order's lines agree on what is the order's.
create view project.core.fct_orders as
select
    order_id,
    any_value(profile_id) as profile_id,
    any_value(order_status) as order_status,
    any_value(order_date) as order_date,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount
from project.core.order_lines
group by order_id;
