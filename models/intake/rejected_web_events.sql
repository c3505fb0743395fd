{{ config(materialized='table') }}

{{ rejected_rows(
    'web_events',
    happened_at='occurred_at',
    accepted={
        'event_type': ['visit', 'product_view', 'wishlist_add', 'login', 'form_submit', 'store_visit'],
        'platform': ['web', 'app', 'social', 'store'],
        'form_type': ['contest', 'preference', 'enrichment', 'lead_ad'],
    },
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
) }}
