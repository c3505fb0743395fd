-- One row per order. An order with an odd place may be a return of the order before it, or be cancelled; so no return returns a
-- return, and nothing cancelled is returned.
create table orders as
with

places as (
    select
        person,
        records,
        first_day,
        last_day,
        unnest(range(orders)) as place
    from people
),

placed as (
    select
        *,
        drawn_bits(person, place) as drawn,
        drawn_bits(person, place - 1) as drawn_before
    from places
),

kinds as (
    select
        person,
        records,
        place,
        drawn,
        first_day + cast(drawn % (last_day - first_day + 1) as integer) as own_day,
        first_day + cast(drawn_before % (last_day - first_day + 1) as integer) as day_before,
        case
            when place % 2 = 1 and (drawn >> 24) & 31 = 0 then 'returned'
            when place % 2 = 1 and (drawn >> 24) & 31 = 1 then 'cancelled'
            else 'completed'
        end as order_status
    from placed
),

dated as (
    select
        cast(person as bigint) * 1000 + place as order_number,
        person,
        cast((drawn >> 32) % records as integer) as record_place,
        order_status,
        drawn,
        case
            when order_status = 'returned'
                then least(day_before + 1 + cast((drawn >> 40) & 15 as integer), days() - 1)
            else own_day
        end as day,
        case when order_status = 'returned' then 1 else cast(1 + (drawn >> 44) % 9 as integer) end as lines,
        order_status = 'completed' and place % 2 = 0 and (drawn >> 50) & 31 = 0 as is_anonymous
    from kinds
)

select
    order_number,
    person,
    record_place,
    order_status,
    lines,
    is_anonymous,
    first_day() + day as order_date,
    -- opening hours
    cast(28800 + (drawn >> 16) % 43200 as integer) as second_of_day,
    cast((drawn >> 20) % 200 as integer) as store,
    cast(datediff('month', first_day(), first_day() + day) as integer) as month_number
from dated;

create macro input_orders(month) as table
select
    silo_name(record_place) as source_system,
    'o' || order_number as order_id,
    case when not is_anonymous then 'c' || person || '-' || record_place end as contact_id,
    's' || store as store_id,
    case record_place
        when 0 then 'store'
        when 3 then 'app'
        when 4 then 'phone'
        else 'web'
    end as sales_channel,
    cast(order_date as timestamp) + to_seconds(second_of_day) as ordered_at,
    order_date,
    cast(null as timestamp) as delivered_at,
    order_status,
    case when order_status = 'returned' then 'o' || (order_number - 1) end as original_order_id,
    'EUR' as currency_code,
    extracted_at() as extracted_at
from orders
where month_number = month;

create macro input_order_lines(month) as table
with

drawn as (
    select
        orders.order_number,
        orders.record_place,
        orders.order_status,
        unnest(range(1, orders.lines + 1)) as line_number
    from orders
    where orders.month_number = month
),

hashed as (
    select
        order_number,
        record_place,
        case when order_status = 'returned' then -1 else 1 end as sign,
        cast(line_number as integer) as line_number,
        drawn_bits(order_number, line_number) as drawn
    from drawn
),

sold as (
    select
        order_number,
        record_place,
        line_number,
        -- the product of two draws: some products sell far better than others
        cast((drawn & 1023) * ((drawn >> 10) & 1023) * 20000 >> 20 as integer) as product,
        sign * cast(1 + ((drawn >> 20) & 3) as integer) as quantity,
        cast((drawn >> 24) & 7 as integer) as discount_draw,
        cast((drawn >> 28) & 15 as integer) as offer_draw
    from hashed
),

priced as (
    select
        *,
        quantity * (50 + (product * 7919) % 2450) as gross_cents
    from sold
),

discounted as (
    select
        *,
        case when discount_draw = 0 then gross_cents // 10 else 0 end as discount_cents,
        case when offer_draw = 0 then gross_cents // 20 else 0 end as offer_cents
    from priced
)

select
    silo_name(record_place) as source_system,
    'o' || order_number as order_id,
    line_number,
    'p' || product as product_id,
    quantity,
    cast(gross_cents * 0.01 as decimal(18, 2)) as gross_amount,
    cast(discount_cents * 0.01 as decimal(18, 2)) as discount_amount,
    cast(offer_cents * 0.01 as decimal(18, 2)) as offer_discount_amount,
    cast((gross_cents - discount_cents - offer_cents) * 0.01 as decimal(18, 2)) as net_amount,
    cast(null as decimal(18, 2)) as margin_amount,
    extracted_at() as extracted_at
from discounted;
