{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
),

orders as (
    select
        order_row,
        subtotal_amount,
        tax_amount,
        order_discount_amount,
        discount_codes,
        -- no column says whether prices include tax: the sum that holds does
        case
            when
                abs(subtotal_amount + shipping_amount + duty_amount + tax_amount - total_amount) <= 0.02
                then false
            when abs(subtotal_amount + shipping_amount + duty_amount - total_amount) <= 0.02 then true
            else {{ setting('shopify_prices_include_tax') }}
        end as is_tax_included,
        {{ is_given_back() }} as is_given_back
    from order_rows
    where is_first_row
),

-- numbered before anything is left out: a line keeps its number
numbered_lines as (
    select
        *,
        row_number() over (partition by order_row order by row_number asc nulls last) as line_number,
        cast(quantity * price_amount as decimal(18,2)) as written_amount,
        max(case when has_unreadable_amount then 1 else 0 end) over (partition by order_row) = 1 as is_unreadable
    from order_rows
    where is_newest_copy
),

-- the amounts of an order hang together: where one cannot be read, its lines have none, and are rejected and counted
readable_lines as (
    select
        *,
        case when not is_unreadable then written_amount end as list_amount
    from numbered_lines
),

lines as (
    select
        readable_lines.order_row,
        {{ shopify_key('readable_lines.order_id') }} as order_id,
        readable_lines.line_number,
        readable_lines.sku,
        readable_lines.product_name,
        readable_lines.quantity,
        coalesce(readable_lines.is_taxable, true) and not {{ is_no_goods('readable_lines.product_name') }} as is_taxed,
        readable_lines.list_amount,
        least(readable_lines.line_discount_amount, readable_lines.list_amount) as line_discount_amount,
        orders.subtotal_amount,
        orders.order_discount_amount,
        case when orders.is_tax_included then 0 else orders.tax_amount end as tax_on_top_amount,
        orders.discount_codes is not null as has_code,
        coalesce(orders.is_given_back, false) as is_given_back,
        readable_lines.extracted_at
    from readable_lines
    left join orders
        on readable_lines.order_row = orders.order_row
),

totals as (
    select
        *,
        list_amount - line_discount_amount as left_amount,
        sum(list_amount) over (partition by order_row) as order_list_amount,
        sum(line_discount_amount) over (partition by order_row) as order_line_discount_amount
    from lines
),

-- Whether the order's discount holds those of its lines already is not documented. What the subtotal lacks is a
-- discount on goods when the order's discount can pay for it; anything else stays visible as a difference to it.
residues as (
    select
        *,
        case
            when
                order_list_amount - order_line_discount_amount - subtotal_amount > 0
                and order_discount_amount - order_line_discount_amount
                >= order_list_amount - order_line_discount_amount - subtotal_amount - 0.01
                then order_list_amount - order_line_discount_amount - subtotal_amount
            else 0
        end as residual_amount
    from totals
),

discounted as (
    select
        *,
        {{ shared_out('residual_amount', 'left_amount', 'order_row', 'line_number') }} as shared_discount_amount
    from residues
),

taxed as (
    select
        *,
        left_amount - shared_discount_amount as untaxed_amount
    from discounted
),

-- a gift card is taxed when it is used: it has no part of the tax, unless nothing else could have any
weighed as (
    select
        *,
        case
            when
                is_taxed
                or coalesce(sum(case when is_taxed then untaxed_amount end) over (partition by order_row), 0) = 0
                then untaxed_amount
            else 0
        end as taxed_amount
    from taxed
),

goods as (
    select
        *,
        line_discount_amount + shared_discount_amount as all_discount_amount,
        {{ shared_out('tax_on_top_amount', 'taxed_amount', 'order_row', 'line_number') }} as line_tax_amount
    from weighed
),

-- a line that an edit took out has quantity 0
sold_lines as (
    select
        *,
        cast(case when has_code then 0 else all_discount_amount end as decimal(18,2)) as discount_amount,
        cast(case when has_code then all_discount_amount else 0 end as decimal(18,2)) as offer_discount_amount,
        cast(list_amount + line_tax_amount as decimal(18,2)) as gross_amount,
        cast(untaxed_amount + line_tax_amount as decimal(18,2)) as net_amount
    from goods
    where
        coalesce(quantity, 1) <> 0
        and not {{ is_no_goods('product_name') }}
),

signs as (
    select 1 as direction
    union all
    select -1 as direction
),

-- the return of an order gives back each of its lines
signed_lines as (
    select
        sold_lines.*,
        signs.direction
    from sold_lines
    inner join signs
        on signs.direction = 1 or sold_lines.is_given_back
)

select
    'shopify' as source_system,
    case when direction = 1 then order_id else {{ shopify_return('order_id') }} end as order_id,
    cast(line_number as integer) as line_number,
    {{ shopify_product('sku', 'product_name') }} as product_id,
    cast(quantity * direction as integer) as quantity,
    cast(gross_amount * direction as decimal(18,2)) as gross_amount,
    cast(discount_amount * direction as decimal(18,2)) as discount_amount,
    cast(offer_discount_amount * direction as decimal(18,2)) as offer_discount_amount,
    cast(net_amount * direction as decimal(18,2)) as net_amount,
    cast(null as decimal(18,2)) as margin_amount,
    extracted_at
from signed_lines
