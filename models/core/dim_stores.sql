with

stores as (
    select * from {{ ref('intake_stores') }}
),

orders as (
    select * from {{ ref('intake_orders') }}
),

selling_stores as (
    select
        store_id,
        min(source_system) as source_system
    from orders
    where store_id is not null
    group by store_id
)

-- an order may name a store that nobody delivered: without a row here, a join would lose the order
select
    coalesce(stores.store_id, selling_stores.store_id) as store_id,
    coalesce(stores.source_system, selling_stores.source_system) as source_system,
    stores.store_name,
    stores.store_type,
    stores.region,
    stores.opened_date,
    stores.store_id is null as is_inferred
from stores
full outer join selling_stores
    on stores.store_id = selling_stores.store_id
