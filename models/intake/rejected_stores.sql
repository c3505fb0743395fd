{{ config(materialized='table') }}

{{ rejected_rows(
    'stores',
    accepted={'store_type': ['store', 'drive', 'web']},
) }}
