-- What habits and margins are made of: a wrong row stops the build before a month of traits is kept.
{{ config(meta={'reason_column': 'reason'}) }}
{{ first_findings({
    'habit_rules': (
        ['sector'],
        must_be_there(['sector'])
        + must_be_positive([
            'habit_window_days', 'own_from_gaps', 'shrunk_from_gaps', 'cell_weight', 'overdue_window_days',
            'overdue_min_gaps', 'overdue_factor', 'overdue_floor_days', 'promotion_window_days', 'promotion_min_days',
            'promotion_weight', 'response_window_days', 'response_min_messages', 'open_weight', 'click_weight',
            'drive_window_days', 'drive_min_orders', 'time_window_days', 'time_min_events', 'time_weight',
            'place_window_days', 'place_min_orders', 'engagement_window_days', 'engagement_high_days',
            'engagement_medium_days', 'intention_window_days', 'intention_min_views',
        ])
        + [
            (
                'shrunk_from_gaps > own_from_gaps',
                'shrunk_from_gaps is {shrunk_from_gaps}, above own_from_gaps ({own_from_gaps}): lower it.',
            ),
            (
                'engagement_medium_days > engagement_high_days',
                'engagement_medium_days is {engagement_medium_days}, above engagement_high_days'
                ~ ' ({engagement_high_days}): lower it.',
            ),
        ],
    ),
    'margin_rates': (
        ['connector', 'category'],
        must_be_there(['connector', 'category']) + must_lie_in(['margin_share'], 0, 1),
    ),
}, for_everybody=['habit_rules']) }}
