{{ config(materialized='table') }}

{{ rejected_rows(
    'products',
    not_negative=['days_of_supply'],
) }}
