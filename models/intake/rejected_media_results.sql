{{ config(materialized='table') }}

{{ rejected_rows(
    'media_results',
    happened_at='result_date',
    not_negative=['uploaded', 'matched', 'rejected', 'reached', 'impressions', 'clicks', 'leads', 'cost_amount'],
    parents=[
        {
            'reason': 'unknown_campaign', 'to': ref('intake_campaigns'), 'columns': ['campaign_id', 'route'],
            'column': 'campaign_id',
        },
    ],
) }}
