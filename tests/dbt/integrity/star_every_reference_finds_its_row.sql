{# One join per table that is referred to: its keys are held once, and whatever names them passes by. #}
with

{% for parent, children in references().items() %}
    {%- set model, key = parent.split('.') %}
    named_{{ model }} as (
        {% for child in children -%}
            select
                '{{ child }}' as reference,
                {{ child.split('.')[1] }} as named_key
            from {{ ref(child.split('.')[0]) }}
            where {{ child.split('.')[1] }} is not null
            {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    lost_{{ model }} as (
        select
            named.reference,
            count(*) as lost_rows
        from named_{{ model }} as named
        {{ anti_join() }} {{ ref(model) }} as parents on named.named_key = parents.{{ key }}
        group by named.reference
    ),

{% endfor %}
lost as (
    {% for parent in references() -%}
        select * from lost_{{ parent.split('.')[0] }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from lost
