-- What people edit and what decides nothing: names, sentences, and by what a scenario is judged.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set measures = outcome_measures() -%}
{{ first_findings({
    'algorithms': (
        ['algorithm'],
        must_be_there(['algorithm', 'reference_period', 'owner', 'description'])
        + must_be_one_of('schedule', ['weekly', 'monthly', 'with each run']),
    ),
    'kpi_benchmarks': (
        ['kpi_id'],
        must_be_there(['kpi_id', 'kpi_name', 'definition', 'source', 'unmeasured_because'])
        + must_be_one_of('unit', ['share', 'change', 'times', 'people', 'amount'])
        + [
            (
                'lowest is null and highest is null',
                'lowest is missing, and so is highest: write what was published, one of them at least.',
            ),
            ('highest < lowest', 'highest is {highest}, below lowest, which is {lowest}: mend one of them.'),
        ],
    ),
    'lifecycle_stages': (
        ['stage'],
        must_be_there(['stage', 'description'])
        + must_be_one_of('plan', ['conquest', 'conversion', 'retention', 'ambassador', 'reactivation']),
    ),
    'outcome_metrics': (
        ['metric_id'],
        must_be_there(['metric_id', 'metric_name'])
        + must_be_one_of('kind', ['rate', 'mean', 'ratio', 'return'])
        + must_be_one_of('role', ['objective', 'guardrail'])
        + must_be_one_of('measure', measures)
        + [
            (
                "kind = 'rate' and measure not in ('" ~ yes_or_no_measures() | join("', '") ~ "')",
                'measure is {measure}, which is no yes or no, as a rate needs: write '
                ~ yes_or_no_measures() | join(', ') ~ ', or another kind.',
            ),
            ('coalesce(direction, 0) not in (-1, 1)', 'direction is {direction}: write 1 (more is better) or -1.'),
            (
                "kind in ('ratio', 'return') and coalesce(denominator, '') not in ('" ~ measures | join("', '") ~ "')",
                'denominator is {denominator}: write ' ~ measures | join(', ') ~ '.',
            ),
            (
                "kind not in ('ratio', 'return') and denominator is not null",
                'denominator is {denominator}, and a {kind} is divided by nothing: leave it empty.',
            ),
            (
                "covariate not in ('" ~ measures_before() | join("', '") ~ "')",
                'covariate is {covariate}, which is not from before the entry: write '
                ~ measures_before() | join(', ') ~ ', or leave it empty.',
            ),
            (
                "kind = 'ratio' and covariate is not null",
                'covariate is {covariate}, and a ratio has none: leave it empty.',
            ),
            (
                "role = 'objective' and coalesce(smallest_relevant_lift, 0) <= 0",
                'smallest_relevant_lift is {smallest_relevant_lift}: write the difference that matters, above 0.',
            ),
            (
                "role = 'guardrail' and coalesce(non_inferiority_margin, 0) <= 0",
                'non_inferiority_margin is {non_inferiority_margin}: write how much worse it may become, above 0.',
            ),
            (
                'winsorised_share <= 0 or winsorised_share >= 1',
                'winsorised_share is {winsorised_share}: write a share above 0 and below 1, or leave it empty.',
            ),
            (
                "kind not in ('mean', 'return') and winsorised_share is not null",
                'winsorised_share is {winsorised_share}, and a {kind} has no large values: leave it empty.',
            ),
        ],
    ),
    'sentences': (
        ['subject', 'code'],
        must_be_there(['subject', 'code'])
        + [(
            "coalesce(trim(counted), '') = '' and coalesce(trim(sentence), '') = ''",
            'counted is missing, and sentence is missing: write one of them.',
        )],
    ),
}) }}
