-- The grid has each of the 25 cells exactly once, and nobody climbs the ladder by coming later or buying less.
{{ config(meta={'reason_column': 'reason'}) }}

with

cells as (
    select
        grid.r_score,
        grid.fm_score,
        grid.segment,
        segments.rung
    from {{ ref('rfm_segment_grid') }} as grid
    left join {{ ref('dim_segments') }} as segments on grid.segment = segments.segment
),

scores as (
    {% for score in range(1, 6) -%}
        select {{ score }} as score{{ ' union all' if not loop.last }}
    {% endfor %}
),

places as (
    select
        recency.score as r_score,
        frequency_monetary.score as fm_score,
        count(cells.r_score) as cell_count
    from scores as recency
    cross join scores as frequency_monetary
    left join cells
        on
            recency.score = cells.r_score
            and frequency_monetary.score = cells.fm_score
    group by
        recency.score,
        frequency_monetary.score
),

lower_cells as (
    select
        lower_cell.r_score,
        lower_cell.fm_score,
        lower_cell.segment,
        better_cell.segment as better_segment
    from cells as lower_cell
    inner join cells as better_cell
        on
            lower_cell.r_score <= better_cell.r_score
            and lower_cell.fm_score <= better_cell.fm_score
            and lower_cell.rung > better_cell.rung
)

{{ seed_findings(
    'rfm_segment_grid', ['r_score', 'fm_score'],
    must_lie_in(['r_score', 'fm_score'], 1, 5)
    + [('rung is null', 'segment is {segment}: write one of the seed segments that has a rung.')],
    relation='cells'
) }}
union all
{{ seed_findings(
    'rfm_segment_grid', ['r_score', 'fm_score'],
    [('cell_count <> 1', 'there are {cell_count} such rows: write one for each pair of scores from 1 to 5.')],
    relation='places'
) }}
union all
{{ seed_findings(
    'rfm_segment_grid', ['r_score', 'fm_score'],
    [(
        'true',
        'segment is {segment}, above {better_segment}, which has scores that are no worse: exchange them.',
    )],
    relation='lower_cells'
) }}
