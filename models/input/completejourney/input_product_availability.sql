{{ config(enabled=is_connector('completejourney')) }}

with

product_availability as (
    select * from {{ ref('stg_synthetic__product_availability') }}
)

select
    'till' as source_system,
    product_id,
    is_available,
    changed_at,
    extracted_at
from product_availability
