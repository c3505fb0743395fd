{{ config(materialized='table') }}

{# Which copy was used and what it took off are good to know; that somebody used the offer is not lost for them. #}
{{ rejected_rows(
    'offer_redemptions',
    happened_at='redeemed_at',
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
        {'reason': 'unknown_offer', 'to': ref('intake_offers'), 'columns': ['offer_id']},
    ],
    values=[
        {
            'column': 'assignment_id', 'reason': 'unknown_assignment',
            'is_bad': 'checked.assignment_id is not null and not exists ('
                ~ 'select 1 from ' ~ ref('intake_offer_assignments') ~ ' as assignments '
                ~ 'where checked.assignment_id = assignments.assignment_id '
                ~ 'and checked.offer_id = assignments.offer_id)',
        },
        {'column': 'redeemed_amount', 'reason': 'negative_amount', 'is_bad': is_negative('checked.redeemed_amount')},
    ],
) }}
