with

carts as (
    select * from {{ ref('intake_carts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_carts as (
    select
        carts.cart_id,
        contact_profiles.profile_id,
        carts.order_id,
        carts.source_system,
        carts.items,
        carts.item_count,
        carts.cart_amount,
        carts.updated_date,
        carts.created_at,
        carts.updated_at
    from carts
    inner join contact_profiles
        on
            carts.source_system = contact_profiles.source_system
            and carts.contact_id = contact_profiles.contact_id
)

select
    cart_id,
    profile_id,
    order_id,
    source_system,
    items,
    item_count,
    cart_amount,
    updated_date,
    created_at,
    updated_at
from profile_carts
