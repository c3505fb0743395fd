{{ config(materialized='table') }}

{{ rejected_rows(
    'offer_redemptions',
    happened_at='redeemed_at',
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
        {'reason': 'unknown_offer', 'to': ref('intake_offers'), 'columns': ['offer_id']},
    ],
) }}
