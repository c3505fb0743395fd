{{ config(materialized='table') }}

{{ rejected_rows(
    'offer_assignments',
    happened_at='assigned_at',
    accepted={'channel': contract_lists().channel + ['till']},
    ranges=[['assigned_at', 'expires_at']],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
        {'reason': 'unknown_offer', 'to': ref('intake_offers'), 'columns': ['offer_id']},
    ],
) }}
