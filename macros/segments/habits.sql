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


{# The stage of whoever buys, by her segment alone: nothing is foretold in it. #}
{% macro lifecycle_stage_by_rung(rung) -%}
    case
        when {{ rung }} <= {{ setting('signal_low_rung') }} then 'at_risk'
        when {{ rung }} = 11 then 'ambassador'
        when {{ rung }} >= 9 then 'loyal'
        else 'active'
    end
{%- endmacro %}
