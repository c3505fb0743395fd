-- What she bought is about to run out. Subject: the category; value: the days that it lasts. A purchase of the category
-- takes the moment back, and so does it when she denies profiling, also between two runs that foretell.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'stock_nearly_out'
),

replenishments as (
    select * from {{ ref('replenishments') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

open_replenishments as (
    select replenishments.*
    from replenishments
    inner join moment_windows
        on replenishments.runs_out_date between moment_windows.oldest_date and moment_windows.newest_date
    {{ anti_join() }} profiling_denials
        on replenishments.profile_id = profiling_denials.profile_id
)

select
    open_replenishments.profile_id,
    'stock_nearly_out' as moment,
    {{ dbt.concat(["cast(open_replenishments.last_purchase_date as string)", "' '", "open_replenishments.category"]) }}
        as moment_key,
    open_replenishments.product_id as moment_reference,
    open_replenishments.category as subject,
    {{ json_object({
        'category': 'open_replenishments.category',
        'last_purchase_date': 'cast(open_replenishments.last_purchase_date as string)',
        'interval_days': 'open_replenishments.interval_days',
    }) }} as reason_parameters,
    {{ json_object({
        'category': 'open_replenishments.category',
        'product_id': 'open_replenishments.product_id',
        'product_name': 'products.product_name',
        'package_size': 'products.package_size',
    }) }} as personalisation,
    open_replenishments.interval_days as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    open_replenishments.runs_out_date as moment_date,
    cast(null as timestamp) as moment_at
from open_replenishments
left join products
    on open_replenishments.product_id = products.product_id
