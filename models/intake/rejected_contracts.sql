{{ config(materialized='table') }}

{{ rejected_rows(
    'contracts',
    ranges=[['start_date', 'end_date']],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
