{# Rules of habits and appetencies. #}
{% macro habit_rules() %}
    select *
    from {{ ref('habit_rules') }}
    where {{ is_of_sector('habit_rules') }}
{% endmacro %}


{# A share of few observations, drawn to what is usual as much as `weight` observations would draw it. #}
{% macro shrunk_share(hits, observations, usual, weight) -%}
    (cast({{ hits }} as double) + {{ weight }} * {{ usual }}) / ({{ observations }} + {{ weight }})
{%- endmacro %}
