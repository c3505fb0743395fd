{#
  Connected components by alternating stars (Kiveris, Lattanzi, Mirrokni, Rastogi and Vassilvitskii: Connected Components in
  MapReduce and Beyond, SoCC 2014), unrolled. Given a CTE of distinct edges (node, parent) with parent < node, it
  writes the CTEs of `rounds` rounds; the last is named `edges_<rounds>` and holds, once converged, exactly one edge from
  every node to the smallest node of its component (smallest nodes themselves have none).

  One round:
    small star  every node points its elders and itself at its eldest: this is what joins neighbourhoods;
    large star  every node hands the nodes that point at it to its own eldest: this halves the way to the root.
  A chain of 2^rounds + 1 nodes converges, where passing labels from neighbour to neighbour takes as many rounds as the chain
  is long; and the edges become fewer, so later rounds cost less. Measured on two cores: 1.3 M contact records with 3.9 M
  identifiers, eight rounds in 5 s against 15 s.

  Every CTE is used once (a CTE used twice is computed twice on Spark, per round: exponential), with windows instead of self
  joins; no recursion (Spark 3.5 has none). The edge list never grows, it is only doubled inside a round.
#}
{% macro connected_components(rounds) -%}
    {%- for round in range(1, rounds + 1) -%}
    {%- if not loop.first %}

{% endif -%}
small_stars_{{ round }} as (
    select
        node,
        parent,
        min(parent) over (partition by node) as eldest
    from edges_{{ round - 1 }}
),

small_edges_{{ round }} as (
    select distinct
        case when parent = eldest then node else parent end as node,
        eldest as parent
    from small_stars_{{ round }}
),

ends_{{ round }} as (
    select
        small_edges_{{ round }}.node,
        sides.is_node_side,
        case when sides.is_node_side then small_edges_{{ round }}.node else small_edges_{{ round }}.parent end as centre,
        case when sides.is_node_side then small_edges_{{ round }}.parent end as elder
    from small_edges_{{ round }}
    cross join (select true as is_node_side union all select false as is_node_side) as sides
),

large_stars_{{ round }} as (
    select
        node,
        is_node_side,
        coalesce(min(elder) over (partition by centre), centre) as eldest
    from ends_{{ round }}
),

edges_{{ round }} as {{ compute_once() }} (
    select distinct
        node,
        eldest as parent
    from large_stars_{{ round }}
    where not is_node_side
)
    {%- if not loop.last %},{% endif -%}
    {%- endfor -%}
{%- endmacro %}
