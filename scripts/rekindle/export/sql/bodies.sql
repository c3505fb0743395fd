{#
  The rows of a file as request bodies: one row per body, its members in the order of their identifiers.
#}
create or replace temp table bodies as
with

placed as (
    select
        {{ member }} as member,
        row_number() over (order by {{ order }}) - 1 as place
    from {{ rows }}
),

batches as (
    select
        place // {{ most }} + 1 as batch,
        count(*) as members,
        '[' || string_agg(member, ',' order by place) || ']' as members_json
    from placed
    group by batch
)

select
    batch,
    members
    {%- for key, value in body.items() %},
    cast({{ value }} as json) as {{ ('body ' ~ key) | name }}
    {%- endfor %}
from batches
