{# One join per table that is referred to: its keys are held once, and whatever names them passes by. #}
{%- set judged = {} %}
{%- for parent, children in references().items() %}
    {%- set ours = children | reject('in', told_only()) | list %}
    {%- if ours and parent not in told_only() %}
        {%- do judged.update({parent: ours}) %}
    {%- endif %}
{%- endfor %}
with

{% for parent, children in judged.items() %}
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
    {% for parent in judged -%}
        select * from lost_{{ parent.split('.')[0] }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from lost
