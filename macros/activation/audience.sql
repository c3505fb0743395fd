{# The rows of `audiences.selected_members` of one scenario: every feed has one shape, and a scenario's feed is one line. #}
{% macro audience_of(scenario_id) %}
with

members as (
    select * from {{ ref('audience_members') }}
)

select
    {% for column in audience_columns() -%}
        {{ column }}{{ ',' if not loop.last }}
    {% endfor %}
from members
where scenario_id = '{{ scenario_id }}'
{% endmacro %}


{% macro audience_columns() %}
    {{ return([
        'decision_id', 'scenario_id', 'profile_id', 'entry_key', 'step', 'variant', 'template', 'purpose', 'channel', 'email', 'phone',
        'first_name', 'last_name', 'language_code', 'country_code', 'street_address', 'postal_code', 'city', 'offer_type',
        'offer_id', 'content', 'offer_amount', 'as_of_date', 'send_date', 'consented_at', 'send_at',
    ]) }}
{% endmacro %}
