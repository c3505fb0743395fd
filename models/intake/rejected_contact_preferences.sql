{{ config(materialized='table') }}

{{ rejected_rows(
    'contact_preferences',
    happened_at='declared_at',
    accepted={
        'preference_type': [
            'interest', 'animal_species', 'collection', 'channel', 'send_time', 'max_frequency', 'preferred_email',
            'preferred_phone', 'store',
        ],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
    checks=[
        {
            'column': 'preference_value', 'reason': 'unreadable_value',
            'is_bad': is_unreadable_preference('checked.preference_type', 'checked.preference_value'),
        },
    ],
) }}
