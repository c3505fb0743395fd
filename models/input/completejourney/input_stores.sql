{{ config(enabled=is_connector('completejourney')) }}

with

stores as (
    select * from {{ ref('stg_synthetic__stores') }}
)

select
    'till' as source_system,
    store_id,
    store_name,
    store_type,
    region,
    opened_date,
    extracted_at
from stores
