{{ config(materialized='table') }}

{{ rejected_rows(
    'offer_products',
    parents=[
        {'reason': 'unknown_offer', 'to': ref('intake_offers'), 'columns': ['offer_id']},
    ],
) }}
