{{ config(enabled=is_connector('completejourney')) }}

with

redemption_baskets as (
    select * from {{ ref('stg_synthetic__redemption_baskets') }}
),

offer_redemptions_of_the_world as (
    select * from {{ ref('stg_world__offer_redemptions') }}
)

select
    'till' as source_system,
    redemption_id,
    {{ dbt.concat(["campaign_id", "'-'", "coupon_upc"]) }} as offer_id,
    household_id as contact_id,
    redeemed_at,
    redemption_date as redeemed_date,
    basket_id as order_id,
    cast(null as string) as assignment_id,
    cast(null as decimal(18,2)) as redeemed_amount,
    extracted_at
from redemption_baskets
union all
select
    source_system,
    redemption_id,
    offer_id,
    contact_id,
    redeemed_at,
    {{ local_date('redeemed_at') }} as redeemed_date,
    order_id,
    cast(null as string) as assignment_id,
    cast(null as decimal(18,2)) as redeemed_amount,
    extracted_at
from offer_redemptions_of_the_world
