{{ config(materialized='table') }}

{{ rejected_rows(
    'consents',
    happened_at='changed_at',
    accepted={
        'channel': contract_lists().channel,
        'purpose': contract_lists().purpose,
        'status': ['granted', 'denied', 'withdrawn'],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
