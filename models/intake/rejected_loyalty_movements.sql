{{ config(materialized='table') }}

{{ rejected_rows(
    'loyalty_movements',
    happened_at='occurred_at',
    accepted={
        'movement_type': ['earned', 'spent', 'expired', 'cashback', 'gift', 'loyalty_price'],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
