-- A recognised visitor left a cart and had not ordered by the cut-off of the as-of date.
with

scenario as (
    select *
    from {{ ref('scenarios') }}
    where scenario_id = 'abandoned_cart'
),

carts as (
    select * from {{ ref('fct_carts') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

offer_choices as (
    select * from {{ ref('offer_choices') }}
),

content_blocks as (
    select * from {{ ref('scenario_content') }}
),

open_carts as (
    select carts.*
    from carts
    inner join scenario
        on {{ is_open_trigger('carts.updated_date', 'scenario') }}
    where
        {{ happened_by('carts.updated_at') }}
        and carts.order_id is null
        -- a cart whose count is not known holds what it names
        and coalesce(carts.item_count, case when trim(carts.items) <> '' then 1 else 0 end) > 0
),

-- A cart that an order followed was not abandoned, in whichever shop the order was made. Shops write the cart and its
-- order by two clocks, so that the cart may bear the later stamp.
last_orders as (
    select
        profile_id,
        max(ordered_at) as ordered_at
    from orders
    where
        order_status = 'completed'
        and {{ happened_by('ordered_at') }}
    group by profile_id
),

abandoned_carts as (
    select open_carts.*
    from open_carts
    left join last_orders
        on open_carts.profile_id = last_orders.profile_id
    where
        last_orders.ordered_at is null
        or {{ add_seconds('last_orders.ordered_at', 60 * setting('cart_order_tolerance_minutes')) }}
        < open_carts.updated_at
)

select
    'abandoned_cart' as scenario_id,
    abandoned_carts.profile_id,
    abandoned_carts.cart_id as entry_key,
    abandoned_carts.cart_id as trigger_reference,
    'left_a_cart' as reason_code,
    {{ json_object({
        'item_count': 'abandoned_carts.item_count',
        'cart_amount': 'abandoned_carts.cart_amount',
    }) }} as reason_parameters,
    offer_choices.offer_type,
    offer_choices.offer_id,
    {{ json_object({
        'objective': 'scenario.objective',
        'lever': "coalesce(offer_choices.offer_type, 'service')",
        'cta': "'back_to_cart'",
        'headline': 'content_blocks.headline',
        'service': 'content_blocks.service',
        'cart_id': 'abandoned_carts.cart_id',
        'product_ids': 'abandoned_carts.items',
        'item_count': 'abandoned_carts.item_count',
        'cart_amount': 'abandoned_carts.cart_amount',
    }) }} as content,
    offer_choices.offer_amount,
    abandoned_carts.cart_amount as expected_value_amount,
    abandoned_carts.updated_date as triggered_date,
    abandoned_carts.updated_at as triggered_at
from abandoned_carts
cross join scenario
left join offer_choices
    on
        offer_choices.offer_type = 'free_delivery'
        and offer_choices.offer_rule = 'lowest_value'
left join content_blocks
    on scenario.scenario_id = content_blocks.scenario_id
