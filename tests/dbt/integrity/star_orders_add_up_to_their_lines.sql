{#
  What came in is what stands in the star: every valid order and line once, and the amounts of orders, of lines and of
  the input agree to the cent. Fails with one row when something differs.
#}
{%- set measures = [
    'line_count', 'unit_count', 'gross_amount', 'discount_amount', 'offer_discount_amount', 'net_amount'
] %}
with

input_orders as (
    select count(*) as order_count
    from {{ ref('intake_orders') }}
),

input_lines as (
    select
        count(*) as line_count,
        coalesce(sum(quantity), 0) as unit_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(offer_discount_amount), 0) as offer_discount_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('intake_order_lines') }}
),

orders as (
    select
        count(*) as order_count,
        coalesce(sum(line_count), 0) as line_count,
        coalesce(sum(unit_count), 0) as unit_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(offer_discount_amount), 0) as offer_discount_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('fct_orders') }}
),

lines as (
    select
        count(*) as line_count,
        coalesce(sum(quantity), 0) as unit_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(offer_discount_amount), 0) as offer_discount_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('fct_order_lines') }}
)

select
    {% for measure in measures %}
        input_lines.{{ measure }} as {{ measure }}_in_input,
        orders.{{ measure }} as {{ measure }}_in_orders,
        lines.{{ measure }} as {{ measure }}_in_lines,
    {% endfor %}
    input_orders.order_count as order_count_in_input,
    orders.order_count as order_count_in_orders
from input_orders
cross join input_lines
cross join orders
cross join lines
where
    input_orders.order_count <> orders.order_count
    {% for measure in measures %}
        or input_lines.{{ measure }} <> orders.{{ measure }}
        or input_lines.{{ measure }} <> lines.{{ measure }}
    {% endfor %}
