{# Rules of habits and appetencies: the row of the sector where it has one, else that of *, which sorts before every name. #}
{% macro habit_rules() %}
    select *
    from {{ ref('habit_rules') }}
    where
        sector = (
            select max(sector)
            from {{ ref('habit_rules') }}
            where sector in ('*', '{{ setting("rfm_sector") }}')
        )
{% endmacro %}


{# A share of few observations, drawn to what is usual as much as `weight` observations would draw it. #}
{% macro shrunk_share(hits, observations, usual, weight) -%}
    (cast({{ hits }} as double) + {{ weight }} * {{ usual }}) / ({{ observations }} + {{ weight }})
{%- endmacro %}
