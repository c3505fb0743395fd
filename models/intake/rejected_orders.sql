{{ config(materialized='table') }}

{{ rejected_rows(
    'orders',
    happened_at='ordered_at',
    currency='currency_code',
    accepted={
        'sales_channel': ['store', 'drive', 'web', 'app', 'phone'],
        'order_status': ['completed', 'cancelled', 'returned'],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
