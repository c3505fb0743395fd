{{ config(materialized='table') }}

{{ rejected_rows(
    'contacts',
    happened_at='created_at',
    accepted={
        'silo': ['till', 'web_shop', 'newsletter', 'app', 'social', 'call_centre', 'direct_mail'],
    },
    values=[
        {'column': 'email', 'reason': 'unreadable_email', 'is_bad': is_unreadable_email('checked.email')},
        {
            'column': 'birth_date', 'reason': 'implausible_date',
            'is_bad': is_implausible_birth_date('checked.birth_date', 'checked.extracted_at'),
        },
        {'column': 'time_zone', 'reason': 'unknown_time_zone', 'is_bad': is_unknown_time_zone('checked.time_zone')},
    ],
) }}
