{# A sentence for each guard that is closed: why somebody has to look before this leaves. #}
{%- macro number(column) -%} format('{:,}', {{ column }}) {%- endmacro -%}
{%- macro limit(value) -%} '{{ '{:,}'.format(value) }}' {%- endmacro -%}

with guard as (
    select 1 as place, members = 0 and {{ guards.on_empty == 'stop' }} as is_closed, 'The audience is empty (on_empty).' as sentence
    from counts
    union all
    select
        2,
        members between 1 and {{ guards.min_rows - 1 }},
        {{ number('members') }} || ' members are fewer than ' || {{ limit(guards.min_rows) }} || ' (min_rows).'
    from counts
    union all
    select
        3,
        members between 1 and {{ target.minimum - 1 }} and {{ guards.platform_minimum }},
        {{ number('members') }} || ' members: ' || {{ target.name | text }} || ' asks for ' || {{ limit(target.minimum) }} || ' (platform_minimum).'
    from counts
    {%- if target.max_rows is not none %}
    union all
    select
        4,
        members > {{ target.max_rows }},
        {{ number('members') }} || ' members: ' || {{ target.name | text }} || ' takes ' || {{ limit(target.max_rows) }} || ' at most.'
    from counts
    {%- endif %}
    {%- if guards.max_remove_pct is not none %}
    union all
    select
        5,
        gone_members * 100 > known_members * {{ guards.max_remove_pct }},
        {{ number('gone_members') }} || ' of ' || {{ number('known_members') }} || ' members would be removed (max_remove_pct {{ '%g' % guards.max_remove_pct }}).'
    from counts
    {%- endif %}
    {%- if guards.max_change_pct is not none %}
    union all
    select
        6,
        changed * 100 > certain_members * {{ guards.max_change_pct }},
        {{ number('changed') }} || ' of ' || {{ number('certain_members') }} || ' members would change (max_change_pct {{ '%g' % guards.max_change_pct }}).'
    from counts
    {%- endif %}
)

select sentence
from guard
where is_closed
order by place
