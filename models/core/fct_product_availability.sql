{{ config(materialized='view') }}

with

product_availability as (
    select * from {{ ref('intake_product_availability') }}
)

select
    product_id,
    source_system,
    is_available,
    changed_at
from product_availability
