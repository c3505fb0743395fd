{# Of fewer than min_group_size people nothing is published: what they did is theirs. These say why, and leave the value out. #}
{% macro withheld_because(people) -%}
    case when {{ people }} < {{ setting('min_group_size') }} then 'fewer than {{ setting('min_group_size') }} people' end
{%- endmacro %}


{% macro unless_withheld(people, value) -%}
    case when {{ people }} >= {{ setting('min_group_size') }} then {{ value }} end
{%- endmacro %}
