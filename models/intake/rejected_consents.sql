{{ config(materialized='table') }}

{{ rejected_rows(
    'consents',
    happened_at='changed_at',
    accepted={
        'channel': ['email', 'sms', 'phone', 'post', 'push', 'ads'],
        'purpose': ['marketing', 'ads_personalisation', 'profiling', 'open_tracking', 'click_tracking'],
        'status': ['granted', 'denied', 'withdrawn'],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
