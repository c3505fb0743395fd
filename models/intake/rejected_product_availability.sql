{{ config(materialized='table') }}

{{ rejected_rows(
    'product_availability',
    happened_at='changed_at',
) }}
