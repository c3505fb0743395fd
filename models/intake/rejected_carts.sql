{{ config(materialized='table') }}

{# A sum over no lines is null, so that null is no proof of goods: the row stays, and moment_cart_left asks items. #}
{{ rejected_rows(
    'carts',
    happened_at='updated_at',
    not_negative=['item_count', 'cart_amount'],
    ranges=[['created_at', 'updated_at']],
    parents=[
        {'reason': 'unknown_contact', 'to': ref('intake_contacts'), 'columns': ['source_system', 'contact_id']},
    ],
    values=[{'column': 'item_count', 'reason': 'missing_value', 'is_bad': 'checked.item_count is null'}],
) }}
