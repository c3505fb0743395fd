-- The grid has each of the 25 cells exactly once, and nobody climbs the ladder by coming later or buying less.
with

cells as (
    select
        grid.r_score,
        grid.fm_score,
        segments.rung
    from {{ ref('rfm_segment_grid') }} as grid
    left join {{ ref('dim_segments') }} as segments on grid.segment = segments.segment
),

scores as (
    {% for score in range(1, 6) -%}
        select {{ score }} as score{{ ' union all' if not loop.last }}
    {% endfor %}
),

cells_per_place as (
    select
        recency.score as r_score,
        frequency_monetary.score as fm_score,
        count(cells.rung) as cells
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

violations as (
    select
        'cell missing, twice or without a rung' as problem,
        r_score,
        fm_score
    from cells_per_place
    where cells <> 1

    union all

    select
        'cell outside the grid' as problem,
        r_score,
        fm_score
    from cells
    where r_score not between 1 and 5 or fm_score not between 1 and 5

    union all

    select
        'a better neighbour stands on a lower rung' as problem,
        lower_cell.r_score,
        lower_cell.fm_score
    from cells as lower_cell
    inner join cells as better_cell
        on
            lower_cell.r_score <= better_cell.r_score
            and lower_cell.fm_score <= better_cell.fm_score
            and lower_cell.rung > better_cell.rung
)

select * from violations
