-- Who moved between segments from one published month to the next, counted. A move across another set of cuts is the
-- doing of the cuts, not of people, and counts apart.
with

segment_moves as (
    select * from {{ ref('segment_moves') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
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
    transitions.from_segment,
    coalesce(segments_before.segment_name, 'None') as from_segment_name,
    coalesce(segments_before.segment_group, 'None') as from_segment_group,
    segments_before.segment_colour as from_segment_colour,
    transitions.to_segment,
    segments_after.segment_name as to_segment_name,
    segments_after.segment_group as to_segment_group,
    segments_after.segment_colour as to_segment_colour,
    {{ withheld_because('transitions.people') }} as withheld_because,
    segments_before.rung as from_rung,
    segments_after.rung as to_rung,
    cast({{ unless_withheld('transitions.people', 'transitions.people') }} as bigint) as people,
    {%- for name in ['monetary_amount', 'expected_loss_amount'] %}
        cast({{ unless_withheld('transitions.people', 'transitions.' ~ name) }} as decimal(18,2)) as {{ name }},
    {%- endfor %}
    transitions.is_recalibrated,
    transitions.segment_month
from transitions
left join segments as segments_before on transitions.from_segment = segments_before.segment
left join segments as segments_after on transitions.to_segment = segments_after.segment
