{{ config(enabled=is_connector('completejourney')) }}

with

stores as (
    select * from {{ source('synthetic', 'stores') }}
)

select
    {{ try_cast('store_id', 'string') }} as store_id,
    {{ try_cast('store_name', 'string') }} as store_name,
    {{ try_cast('store_type', 'string') }} as store_type,
    {{ try_cast('region', 'string') }} as region,
    {{ try_cast('opened_date', 'date') }} as opened_date,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from stores
