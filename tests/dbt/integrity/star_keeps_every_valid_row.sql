{# A fact has the valid rows of its entity, each once: finding the person loses and doubles none. #}
{%- set facts = {
    'fct_carts': 'carts',
    'fct_contracts': 'contracts',
    'fct_coupons': 'offer_assignments',
    'fct_loyalty_movements': 'loyalty_movements',
    'fct_messages': 'messages',
    'fct_media_results': 'media_results',
    'fct_message_totals': 'message_totals',
    'fct_service_events': 'service_events',
    'fct_web_events': 'web_events',
} %}
with

{% for fact, entity in facts.items() %}
    {{ entity }} as (
        select count(*) as in_input
        from {{ ref('intake_' ~ entity) }}
    ),

    {{ fact }} as (
        select count(*) as in_star
        from {{ ref(fact) }}
    ),

{% endfor %}
differences as (
    {% for fact, entity in facts.items() %}
        select
            '{{ fact }}' as fact,
            {{ entity }}.in_input,
            {{ fact }}.in_star
        from {{ entity }}
        cross join {{ fact }}
        where {{ entity }}.in_input <> {{ fact }}.in_star
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from differences
