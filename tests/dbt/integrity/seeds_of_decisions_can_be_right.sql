-- What only decisions read, beside the seeds of scenarios, which have a test of their own: a wrong row stops the build
-- before anybody is entered.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set channels = contract_lists().channel -%}
{{ first_findings({
    'replenishment_intervals': (
        ['sector', 'category', 'package_size'],
        must_be_there(['sector', 'category', 'package_size']) + must_lie_in(['supply_days'], 1),
    ),
    'suppressions': (
        ['channel', 'reason'],
        must_be_there(['profile_id', 'reason'])
        + [(
            'not ' ~ regex_like('profile_id', '^[0-9a-f]{16}$'),
            'profile_id is none: write it as in hub.dim_profiles, sixteen of the signs 0 to 9 and a to f.',
        )]
        + must_be_one_of('channel', ['*'] + channels)
        + must_be_dated(['valid_from_date'])
        + [(
            'valid_to_date <= valid_from_date',
            'valid_to_date is {valid_to_date}, not after valid_from_date ({valid_from_date}): mend one of the dates.',
        )],
    ),
    'taste_rules': (
        ['sector'],
        must_be_there(['sector'])
        + must_be_positive([
            'recommendation_window_days', 'recommendation_decay_days', 'min_own_purchases', 'min_item_purchases',
            'min_pair_profiles', 'max_item_weight', 'similar_items', 'scored_items', 'list_length', 'learning_profiles',
            'replenishment_window_days', 'min_own_gaps', 'min_category_gaps', 'min_category_profiles',
            'replenishment_hit_days',
        ])
        + [(
            'min_category_gaps > min_own_gaps',
            'min_category_gaps is {min_category_gaps}, above min_own_gaps ({min_own_gaps}), so no category is asked:'
            ~ ' lower it.',
        )],
    ),
}, for_everybody=['taste_rules']) }}
