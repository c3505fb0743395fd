{{ config(materialized='table') }}

{{ rejected_rows(
    'message_totals',
    happened_at='event_date',
    accepted={
        'event_type': [
            'delivered', 'opened', 'clicked', 'bounced_hard', 'bounced_soft', 'complained', 'unsubscribed', 'not_sent',
        ],
    },
    not_negative=['event_count'],
) }}
