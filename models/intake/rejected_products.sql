{{ config(materialized='table') }}

{{ rejected_rows(
    'products',
    not_negative=['days_of_supply'],
    values=[
        {'column': 'margin_share', 'reason': 'out_of_range', 'is_bad': is_outside('checked.margin_share', 0, 1)},
    ],
) }}
