{{ config(enabled=is_connector('template')) }}
-- Each use of an offer.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as redemption_id,
    cast(null as varchar) as offer_id,
    cast(null as varchar) as contact_id,
    cast(null as timestamp) as redeemed_at,
    cast(null as date) as redeemed_date,  -- local_date('redeemed_at')
    cast(null as varchar) as order_id,
    cast(null as varchar) as assignment_id,
    cast(null as decimal(18,2)) as redeemed_amount,
    cast(null as timestamp) as extracted_at
where false
