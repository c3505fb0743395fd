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
    values=[
        {
            'column': 'double_opt_in_confirmed_at',
            'reason': 'implausible_date',
            'is_bad': is_implausible_stamp('checked.double_opt_in_confirmed_at', 'checked.extracted_at'),
        },
    ],
) }}
