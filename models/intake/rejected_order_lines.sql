{{ config(materialized='table') }}

{# A product that is not in input_products is no reason to lose revenue: the line stays. #}
{{ rejected_rows(
    'order_lines',
    numbered_within='order_id',
    parents=[
        {'reason': 'unknown_order', 'to': ref('intake_orders'), 'columns': ['order_id']},
        {
            'reason': 'negative_amount', 'to': ref('intake_orders'), 'columns': ['order_id'], 'column': 'net_amount',
            'where': 'checked.quantity < 0 or checked.gross_amount < 0 or checked.net_amount < 0',
            'having': "order_status = 'returned'",
        },
        {
            'reason': 'positive_amount', 'to': ref('intake_orders'), 'columns': ['order_id'], 'column': 'net_amount',
            'where': 'checked.quantity > 0 or checked.gross_amount > 0 or checked.net_amount > 0',
            'having': "order_status = 'returned'", 'is_wrong': true,
        },
    ],
) }}
