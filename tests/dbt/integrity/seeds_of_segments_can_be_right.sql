-- Names, bands and cuts of the segments: a wrong row stops the build before a month of them is kept. A test stops what
-- depends on everything that it reads, so each of these tests has the seeds of one kept table.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set version = must_be_there(['sector', 'threshold_version']) + [(
    'valid_from_month is null or extract(day from valid_from_month) <> 1',
    'valid_from_month is {valid_from_month}: write the first day of a month.',
)] -%}
{{ first_findings({
    'rfm_recency_bands': (
        ['sector', 'valid_from_month', 'r_score'],
        version + must_lie_in(['r_score'], 2, 5) + must_lie_in(['max_recency_days'], 0),
    ),
    'rfm_value_cuts': (
        ['sector', 'valid_from_month', 'measure', 'score'],
        version
        + must_be_one_of('measure', ['frequency', 'monetary'])
        + must_lie_in(['score'], 2, 5)
        + must_lie_in(['min_value'], 0),
    ),
    'segments': (
        ['segment'],
        must_be_there(['segment', 'segment_name', 'segment_group', 'description'])
        + [
            ('rung < 1', 'rung is {rung}: write 1 or more, or leave it empty for whoever is off the ladder.'),
            (
                'not ' ~ regex_like("coalesce(segment_colour, '')", '^#[0-9a-f]{6}$'),
                'segment_colour is {segment_colour}: write it as #2563c4.',
            ),
        ],
    ),
}) }}
