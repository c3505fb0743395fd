{{ config(materialized='table') }}

{{ rejected_rows(
    'campaigns',
    not_negative=['cost_amount'],
    ranges=[['start_date', 'end_date']],
) }}
