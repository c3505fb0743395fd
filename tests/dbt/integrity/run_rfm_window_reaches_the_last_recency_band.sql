-- A customer silent for longer than the RFM window has no frequency and no value left, so every cell of the grid whose
-- recency begins beyond the window is empty except FM 1. A window that ends before the last band is a contradiction
-- and stops here, with the segments it empties; one that ends with it (the demo has one year) is a note in the summary.
{{ config(meta={'reason_column': 'reason'}) }}

with

bands as (
    select * from {{ ref('rfm_recency_bands') }}
    where sector = '{{ setting("rfm_sector") }}'
),

grid as (
    select * from {{ ref('rfm_segment_grid') }}
),

newest_version as (
    select max(valid_from_month) as valid_from_month
    from bands
    where valid_from_month <= {{ as_of_date() }}
),

valid_bands as (
    select bands.*
    from bands
    inner join newest_version on bands.valid_from_month = newest_version.valid_from_month
),

last_band as (
    select max(max_recency_days) as max_recency_days
    from valid_bands
),

unreachable as (
    select distinct grid.segment
    from grid
    inner join valid_bands on grid.r_score = valid_bands.r_score - 1
    where
        grid.fm_score > 1
        and valid_bands.max_recency_days >= {{ setting('rfm_window_days') }}
),

reasons as (
    select
        {{ dbt.concat([
            "'rfm_window_days is " ~ setting('rfm_window_days') ~ " and the last recency band of "
            ~ setting('rfm_sector') ~ " ends at '",
            "cast(last_band.max_recency_days as string)",
            "' days: nobody with a frequency above the lowest can be '",
            "unreachable.segment",
            "' any more; lengthen the window or shorten the bands.'",
        ]) }} as reason
    from last_band
    cross join unreachable
    where last_band.max_recency_days > {{ setting('rfm_window_days') }}
)

select reason
from reasons
