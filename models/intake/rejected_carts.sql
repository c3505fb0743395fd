{{ config(materialized='table') }}

{{ rejected_rows(
    'carts',
    happened_at='updated_at',
    not_negative=['item_count', 'cart_amount'],
    ranges=[['created_at', 'updated_at']],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
