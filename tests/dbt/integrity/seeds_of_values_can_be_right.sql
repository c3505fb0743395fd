-- What spend clusters and return rates are made of: a wrong row stops the build before a month of them is kept.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set channels = contract_lists().channel -%}
{%- set version = must_be_there(['sector', 'threshold_version']) + [(
    'valid_from_month is null or extract(day from valid_from_month) <> 1',
    'valid_from_month is {valid_from_month}: write the first day of a month.',
)] -%}
{{ first_findings({
    'channels': (
        ['channel'],
        must_be_one_of('channel', channels)
        + must_be_one_of('address_kinds', ['email', 'phone', 'post', 'app', 'email>phone'])
        + must_be_one_of('purpose', ['marketing', 'ads_personalisation', 'profiling']),
    ),
    'clv_cuts': (
        ['sector', 'valid_from_month', 'spend_cluster'],
        version + must_be_one_of('spend_cluster', ['medium', 'high']) + must_be_positive(['min_amount']),
    ),
    'return_rate_bands': (
        ['sector', 'measure', 'band'],
        must_be_there(['sector'])
        + must_be_one_of('measure', ['recency', 'order_days'])
        + must_be_positive(['band'])
        + must_lie_in(['min_value'], 0),
    ),
}, for_everybody=['return_rate_bands']) }}
