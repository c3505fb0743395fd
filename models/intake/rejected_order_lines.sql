{{ config(materialized='table') }}

{# A product that is not in input_products is no reason to lose revenue: the line stays. #}
{%- set amounts = ['quantity', 'gross_amount', 'discount_amount', 'offer_discount_amount', 'net_amount'] %}
{{ rejected_rows(
    'order_lines',
    numbered_within='order_id',
    checks=[
        {
            'reason': 'does_not_add_up', 'column': 'net_amount',
            'is_bad': 'checked.gross_amount - checked.discount_amount - checked.offer_discount_amount'
                ~ ' <> checked.net_amount',
        },
    ],
    parents=[
        {'reason': 'unknown_order', 'to': ref('intake_orders'), 'columns': ['order_id']},
        {
            'reason': 'negative_amount', 'to': ref('intake_orders'), 'columns': ['order_id'], 'column': 'net_amount',
            'where': 'least(checked.' ~ amounts | join(', checked.') ~ ') < 0',
            'having': "order_status = 'returned'",
        },
        {
            'reason': 'positive_amount', 'to': ref('intake_orders'), 'columns': ['order_id'], 'column': 'net_amount',
            'where': 'greatest(checked.' ~ amounts | join(', checked.') ~ ') > 0',
            'having': "order_status = 'returned'", 'is_wrong': true,
        },
    ],
) }}
