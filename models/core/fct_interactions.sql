with

orders as (
    select * from {{ ref('fct_orders') }}
),

human_message_events as (
    select * from {{ ref('human_message_events') }}
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

service_events as (
    select * from {{ ref('fct_service_events') }}
),

loyalty_movements as (
    select * from {{ ref('fct_loyalty_movements') }}
),

carts as (
    select * from {{ ref('fct_carts') }}
),

-- a return may be the shop's own refund, or somebody else who brings the gift back: nothing tells that from the buyer
order_interactions as (
    select
        profile_id,
        order_id as reference_id,
        case when order_status = 'returned' then 'return' else 'order' end as interaction_kind,
        sales_channel as channel,
        order_status <> 'returned' as is_from_person,
        order_date as occurred_date,
        ordered_at as occurred_at
    from orders
    where
        profile_id is not null
        and order_status <> 'cancelled'
),

-- two links followed at the same instant are one click; an open is kept for whoever counts it, but is not from the
-- person: too many are made by machines that nobody can tell
message_interactions as (
    select
        profile_id,
        message_id as reference_id,
        case when event_type = 'clicked' then 'click' else 'open' end as interaction_kind,
        channel,
        event_type = 'clicked' as is_from_person,
        occurred_date,
        occurred_at
    from human_message_events
    group by
        profile_id,
        message_id,
        channel,
        event_type,
        occurred_date,
        occurred_at
),

-- every web event names a contact: whoever it is was recognised
web_interactions as (
    select
        profile_id,
        event_id as reference_id,
        event_type as interaction_kind,
        platform as channel,
        true as is_from_person,
        occurred_date,
        occurred_at
    from web_events
),

-- a refund is the retailer's answer; the question that came before it is an event of its own
service_interactions as (
    select
        profile_id,
        event_id as reference_id,
        event_type as interaction_kind,
        'service' as channel,
        event_type <> 'refund' as is_from_person,
        occurred_date,
        occurred_at
    from service_events
),

-- points are earned with an order and expire by themselves: only spending them is the person's own act
loyalty_interactions as (
    select
        profile_id,
        movement_id as reference_id,
        'loyalty_use' as interaction_kind,
        'loyalty' as channel,
        true as is_from_person,
        occurred_date,
        occurred_at
    from loyalty_movements
    where movement_type = 'spent'
),

-- Whoever leaves a cart was there and was recognised, and many shops tell nothing else of a visit; one that was ordered
-- is told by its order. Its channel is its own: it is recorded since the first cart, not since the first visit.
cart_interactions as (
    select
        profile_id,
        cart_id as reference_id,
        'cart' as interaction_kind,
        'cart' as channel,
        true as is_from_person,
        updated_date as occurred_date,
        updated_at as occurred_at
    from carts
    where order_id is null
),

interactions as (
    select * from order_interactions
    union all
    select * from message_interactions
    union all
    select * from web_interactions
    union all
    select * from service_interactions
    union all
    select * from loyalty_interactions
    union all
    select * from cart_interactions
)

select
    profile_id,
    reference_id,
    interaction_kind,
    channel,
    is_from_person,
    occurred_date,
    occurred_at
from interactions
