{{ config(materialized='table') }}

{{ rejected_rows(
    'messages',
    happened_at='sent_at',
    accepted={'channel': contract_lists().channel},
    not_negative=['cost_amount'],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
