{{ config(materialized='table') }}

{{ rejected_rows(
    'loyalty_movements',
    happened_at='occurred_at',
    accepted={
        'movement_type': ['earned', 'spent', 'expired', 'cashback', 'gift', 'loyalty_price'],
    },
    checks=[
        {
            'reason': 'positive_amount', 'column': 'points',
            'is_bad': "(checked.movement_type in ('spent', 'expired') and checked.points > 0)",
        },
        {
            'reason': 'positive_amount', 'column': 'amount',
            'is_bad': "(checked.movement_type in ('spent', 'expired') and checked.amount > 0)",
        },
    ],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
