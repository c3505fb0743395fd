-- Who moved between segments from one published month to the next, counted. A move across another set of cuts is the
-- doing of the cuts, not of people, and counts apart.
with

segment_moves as (
    select * from {{ ref('segment_moves') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

moves as (
    select
        segment_moves.profile_id,
        segment_moves.to_segment,
        segment_moves.expected_loss_amount,
        segment_moves.segment_month,
        rfm_published.monetary_amount,
        coalesce(segment_moves.from_segment, 'none') as from_segment,
        segment_moves.direction = 'recalibrated' as is_recalibrated
    from segment_moves
    inner join rfm_published
        on
            segment_moves.profile_id = rfm_published.profile_id
            and segment_moves.segment_month = rfm_published.segment_month
),

transitions as (
    select
        from_segment,
        to_segment,
        count(*) as people,
        sum(monetary_amount) as monetary_amount,
        sum(expected_loss_amount) as expected_loss_amount,
        is_recalibrated,
        segment_month
    from moves
    group by
        from_segment,
        to_segment,
        is_recalibrated,
        segment_month
)

select
    from_segment,
    to_segment,
    case when people < {{ setting('min_group_size') }} then 'fewer than {{ setting('min_group_size') }} people' end
        as withheld_because,
    cast(case when people >= {{ setting('min_group_size') }} then people end as bigint) as people,
    {%- for name in ['monetary_amount', 'expected_loss_amount'] %}
        cast(case when people >= {{ setting('min_group_size') }} then {{ name }} end as decimal(18,2)) as {{ name }},
    {%- endfor %}
    is_recalibrated,
    segment_month
from transitions
