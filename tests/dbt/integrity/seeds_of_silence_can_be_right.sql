-- What silence is told by: a wrong row stops the build before a month of tiers is kept.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set channels = contract_lists().channel -%}
{%- set switch = [('is_enabled is null', 'is_enabled is missing: write true or false.')] -%}
{{ first_findings({
    'closure_periods': (
        ['closed_from'],
        must_be_dated(['closed_from', 'closed_to'])
        + [(
            'closed_to < closed_from',
            'closed_to is {closed_to}, before closed_from: mend one of the dates.',
        )],
    ),
    'inactive_type_actions': (
        ['priority'],
        must_be_positive(['priority'])
        + must_be_one_of('buyer', ['*', 'buyer', 'non_buyer'])
        + must_be_one_of('reaction', ['*', 'clicker', 'opener', 'silent'])
        + must_be_one_of('activity', ['*', 'active_elsewhere', 'inactive'])
        + must_be_one_of('known_for', ['*', 'under_1_year', '1_to_3_years', 'over_3_years'])
        + must_be_one_of('recommended_action', ['landing_page', 'channel_mix', 'newsletter_content', 'sunset']),
    ),
    'inactivity_criteria': (
        ['sector', 'criterion'],
        must_be_there(['sector'])
        + must_be_one_of('criterion', ['no_purchase', 'no_response', 'loyalty_unchanged', 'no_contact'])
        + switch
        + must_lie_in(['threshold'], 1, 1000),
    ),
    'machine_event_rules': (
        ['rule', 'channel'],
        must_be_one_of('rule', ['decoy_link', 'many_links', 'after_delivery'])
        + must_be_one_of('channel', ['*'] + channels)
        + switch
        + must_lie_in(['seconds'], 0)
        + [
            (
                "coalesce(trim(link_tag), '') = '' or (rule = 'decoy_link') <> (link_tag <> '*')",
                'link_tag is {link_tag}: write the tag of the decoy for decoy_link, and * for any other rule.',
            ),
            (
                "rule = 'many_links' and coalesce(links, 0) < 2",
                'links is {links}: write how many different links are too many, 2 or more.',
            ),
            (
                "rule <> 'many_links' and links is not null",
                'links is {links}, which only many_links asks for: leave it empty.',
            ),
        ],
    ),
    'mailbox_providers': (
        ['email_domain'],
        must_be_there(['mailbox_provider'])
        + [(
            "coalesce(email_domain, '') not like '%.%' or email_domain like '%@%'"
            ~ " or email_domain <> lower(email_domain)",
            'email_domain is {email_domain}: write what follows the @, in small letters.',
        )],
    ),
    'silence_score_bins': (
        ['score', 'attribute', 'bin'],
        must_be_one_of('score', ['reactivation', 'lookalike'])
        + must_be_one_of('attribute', ['opens', 'silence', 'orders', 'value', 'signs'])
        + [(
            "score = 'reactivation' and attribute = 'signs'"
            ~ " or score = 'lookalike' and attribute in ('orders', 'value')",
            'attribute is {attribute}, which the score {score} does not look at: take the row out.',
        )]
        + must_lie_in(['bin'], 1)
        + must_lie_in(['min_value'], 0)
        + must_be_there(['description']),
    ),
    'source_observed_from': (
        ['interaction_kind', 'channel'],
        must_be_there(['interaction_kind', 'channel']) + must_be_dated(['observed_from']),
    ),
}, for_everybody=['inactivity_criteria']) }}
