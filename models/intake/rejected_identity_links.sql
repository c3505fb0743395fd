{{ config(materialized='table') }}

{{ rejected_rows(
    'identity_links',
    happened_at='linked_at',
    accepted={'link_type': ['same', 'different', 'household']},
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
        {
            'reason': 'unknown_contact', 'to': ref('intake_contacts'),
            'columns': ['linked_source_system', 'linked_contact_id'], 'fields': ['source_system', 'contact_id'],
        },
    ],
) }}
