-- A score without a row is earned by nobody, without a word: every version of the sector has four bands and eight cuts,
-- and a better score never begins at a worse value. It reads nothing but the seeds, so a replay stops before its first
-- month.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set sector = setting('rfm_sector') %}
{%- set seeds = {'recency': 'rfm_recency_bands', 'frequency': 'rfm_value_cuts', 'monetary': 'rfm_value_cuts'} %}

with

bands as (
    select
        threshold_version,
        valid_from_month,
        'recency' as measure,
        r_score as score,
        -- fewer days are better
        -max_recency_days as begins_at
    from {{ ref('rfm_recency_bands') }}
    where sector = '{{ sector }}'
),

cuts as (
    select
        threshold_version,
        valid_from_month,
        measure,
        score,
        min_value as begins_at
    from {{ ref('rfm_value_cuts') }}
    where sector = '{{ sector }}'
),

measures as (
    {% for measure, seed in seeds.items() -%}
        select
            '{{ seed }}' as seed,
            '{{ measure }}' as measure
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

scores as (
    {% for score in [2, 3, 4, 5] -%}
        select {{ score }} as score{{ ' union all' if not loop.last }}
    {% endfor %}
),

thresholds as (
    select * from bands
    union all
    select * from cuts
),

versions as (
    select distinct
        measures.seed,
        thresholds.threshold_version,
        thresholds.valid_from_month
    from thresholds
    inner join measures on thresholds.measure = measures.measure
),

expected as (
    select
        versions.seed,
        versions.threshold_version,
        versions.valid_from_month,
        measures.measure,
        scores.score
    from versions
    inner join measures on versions.seed = measures.seed
    cross join scores
),

found as (
    select
        expected.*,
        thresholds.begins_at,
        lag(thresholds.begins_at) over (
            partition by expected.seed, expected.threshold_version, expected.valid_from_month, expected.measure
            order by expected.score asc nulls last
        ) as worse_begins_at
    from expected
    left join thresholds
        on
            expected.measure = thresholds.measure
            and expected.score = thresholds.score
            and expected.threshold_version = thresholds.threshold_version
            and expected.valid_from_month = thresholds.valid_from_month
),

places as (
    select
        found.*,
        {{ dbt.concat([
            "seed",
            "'.csv, row " ~ sector ~ ",'",
            "threshold_version",
            "','",
            "cast(valid_from_month as string)",
            "case measure when 'recency' then ',' when 'frequency' then ',frequency,' else ',monetary,' end",
            "cast(score as string)",
        ]) }} as place
    from found
)

select
    {{ dbt.concat(["place", "': this row is missing; every version has one for each score from 2 to 5.'"]) }} as reason
from places
where begins_at is null

union all

select
    {{ dbt.concat(["place", "': a better score begins at a worse value than the score before it.'"]) }} as reason
from places
where begins_at < worse_begins_at

union all

select
    {{ dbt.concat([
        "'rfm_sector is " ~ sector ~ ", which has no rows in '", "measures.seed",
        "'.csv: docs/connector-guide.md, First cuts, says how to propose some.'",
    ]) }} as reason
from measures
left join versions on measures.seed = versions.seed
where
    versions.seed is null
    and measures.measure <> 'monetary'
