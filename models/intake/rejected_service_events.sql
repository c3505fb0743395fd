{{ config(materialized='table') }}

{{ rejected_rows(
    'service_events',
    happened_at='occurred_at',
    accepted={'event_type': ['ticket', 'complaint', 'survey_answer', 'refund']},
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
