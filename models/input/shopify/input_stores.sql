{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
),

places as (
    select
        {{ shopify_store('source_name', 'location_name') }} as store_id,
        case when source_name = 'pos' then location_name else 'web' end as store_name,
        case when source_name = 'pos' then 'store' else 'web' end as store_type,
        extracted_at
    from order_rows
    where is_first_row
)

select
    'shopify' as source_system,
    store_id,
    max(store_name) as store_name,
    store_type,
    cast(null as string) as region,
    cast(null as date) as opened_date,
    max(extracted_at) as extracted_at
from places
where store_id is not null
group by store_id, store_type
