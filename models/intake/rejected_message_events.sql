{{ config(materialized='table') }}

{{ rejected_rows(
    'message_events',
    happened_at='occurred_at',
    accepted={
        'event_type': [
            'delivered', 'opened', 'clicked', 'bounced_hard', 'bounced_soft', 'complained', 'unsubscribed', 'not_sent',
        ],
    },
    parents=[
        {'reason': 'unknown_message', 'to': ref('intake_messages'), 'columns': ['message_id']},
    ],
) }}
