{#
  Where a link says that two records are different people, the weakest edge of the strongest way between them is taken
  out. The strength of a way is that of its weakest edge (its rank: every edge of a component has another one), so
    * an edge is part of the strongest ways exactly when no way around it is stronger than itself;
    * the edge to take out between two records is the one whose rank their strongest way has.
  What remains of the strongest ways joins; a weaker way around an edge that was taken out does not count.
  Components without such a link do not come here: without one, this model costs nothing.
  The ways grow by one edge per step, and each is used once; what they are made of, which many read, Spark plans once.
#}
{%- set longest_way = 2 * setting('identity_rounds') | int -%}
{%- set strongest = 2147483647 -%}
with

different_records as (
    select * from {{ ref('different_records') }}
),

contact_components as (
    select * from {{ ref('contact_components') }}
),

contact_edges as (
    select * from {{ ref('contact_edges') }}
),

torn_components as (
    select distinct component
    from different_records
),

members as (
    select
        contact_components.seniority,
        contact_components.component
    from contact_components
    inner join torn_components
        on contact_components.component = torn_components.component
    where {{ planned_once() }}
),

-- 1 is the weakest; of two edges alike, the one with the younger records is the weaker one
edges as (
    select
        members.component,
        contact_edges.elder,
        contact_edges.younger,
        cast(row_number() over (
            partition by members.component
            order by
                contact_edges.strength asc nulls last,
                contact_edges.younger desc nulls last,
                contact_edges.elder desc nulls last
        ) as bigint) as edge_rank
    from contact_edges
    inner join members
        on contact_edges.elder = members.seniority
    where
        contact_edges.is_joining
        and {{ planned_once() }}
),

steps as (
    select
        elder as step_from,
        younger as step_to,
        edge_rank
    from edges
    union all
    select
        younger as step_from,
        elder as step_to,
        edge_rank
    from edges
    union all
    select
        seniority as step_from,
        seniority as step_to,
        cast({{ strongest }} as bigint) as edge_rank
    from members
),

ways_1 as (
    select
        step_from as way_from,
        step_to as way_to,
        edge_rank as way_rank
    from steps
),

{% for length in range(2, longest_way + 1) -%}
    ways_{{ length }} as {{ compute_once() }} (
        select
            ways_{{ length - 1 }}.way_from,
            steps.step_to as way_to,
            max(least(ways_{{ length - 1 }}.way_rank, steps.edge_rank)) as way_rank
        from ways_{{ length - 1 }}
        inner join steps
            on ways_{{ length - 1 }}.way_to = steps.step_from
        group by
            ways_{{ length - 1 }}.way_from,
            steps.step_to
    ),

{% endfor -%}
strongest_ways as (
    select * from ways_{{ longest_way }}
),

taken_out as (
    select distinct
        different_records.component,
        strongest_ways.way_rank as edge_rank
    from different_records
    inner join strongest_ways
        on
            different_records.one = strongest_ways.way_from
            and different_records.other = strongest_ways.way_to
)

select
    edges.elder,
    edges.younger,
    edges.component
from edges
inner join strongest_ways
    on
        edges.elder = strongest_ways.way_from
        and edges.younger = strongest_ways.way_to
        and edges.edge_rank = strongest_ways.way_rank
left join taken_out
    on
        edges.component = taken_out.component
        and edges.edge_rank = taken_out.edge_rank
where taken_out.edge_rank is null
