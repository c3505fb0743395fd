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
),

-- an order may name a store that nobody delivered: without a row here, a join would lose the order
inferred_stores as (
    select selling_stores.*
    from selling_stores
    {{ anti_join() }} stores
        on selling_stores.store_id = stores.store_id
)

select
    store_id,
    source_system,
    store_name,
    store_type,
    region,
    opened_date,
    false as is_inferred
from stores
union all
select
    store_id,
    source_system,
    cast(null as varchar) as store_name,
    cast(null as varchar) as store_type,
    cast(null as varchar) as region,
    cast(null as date) as opened_date,
    true as is_inferred
from inferred_stores
