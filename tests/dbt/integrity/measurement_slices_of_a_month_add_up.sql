-- The parts of a scheme that everybody belongs to add up to all, those that some belong to, to no more; and ways
-- between segments lead as many people into a month as it has. What is withheld is fewer than min_group_size each.
{%- set most_withheld = setting('min_group_size') - 1 %}

with

customer_base as (
    select * from {{ ref('customer_base') }}
),

segment_transitions as (
    select * from {{ ref('segment_transitions') }}
),

segment_moves as (
    select * from {{ ref('segment_moves') }}
),

wholes as (
    select
        slice_kind as kind,
        people,
        segment_month
    from customer_base
    where
        slice_kind = 'all'
        and people is not null
    union all
    select
        'transitions' as kind,
        count(*) as people,
        segment_month
    from segment_moves
    group by segment_month
),

parts as (
    select
        'all' as kind,
        slice_kind as scheme,
        coalesce(sum(people), 0) as people,
        sum(case when people is null then 1 else 0 end) as withheld,
        segment_month
    from customer_base
    where slice_kind <> 'all'
    group by
        slice_kind,
        segment_month
    union all
    select
        'transitions' as kind,
        'transitions' as scheme,
        coalesce(sum(people), 0) as people,
        sum(case when people is null then 1 else 0 end) as withheld,
        segment_month
    from segment_transitions
    group by segment_month
)

select
    parts.scheme,
    parts.segment_month,
    parts.people,
    wholes.people as whole
from parts
inner join wholes
    on
        parts.kind = wholes.kind
        and parts.segment_month = wholes.segment_month
where
    parts.people + parts.withheld > wholes.people
    or (
        parts.scheme in ('engagement_tier', 'transitions')
        and parts.people + parts.withheld * {{ most_withheld }} < wholes.people
    )
