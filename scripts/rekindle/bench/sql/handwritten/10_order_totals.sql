create table order_totals as
select
    order_id,
    cast(count(*) as integer) as line_count,
    cast(sum(quantity) as bigint) as unit_count,
    cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
    cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
    cast(sum(offer_discount_amount) as decimal(18, 2)) as offer_discount_amount,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount
from raw_order_lines
group by order_id;
