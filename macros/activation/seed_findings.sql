{#
  What is wrong with the rows of a seed, one sentence each, as `reason`: for tests that judge what people edit. A rule is
  a condition and what to say when it holds; {column} stands for the row's own value. `row_name` are the columns that
  name the row in the file. All rules are asked in one pass: a branch of a union per rule takes Spark half as long
  again.
#}
{% macro seed_findings(seed, row_name, rules, relation=none) -%}
    select reason
    from (
        select
            case rule_number
                {%- for condition, sentence in rules %}
                when {{ loop.index }} then case
                    when {{ condition }}
                        then {{ filled_in("Seed " ~ seed ~ ", row {" ~ row_name | join("}, {") ~ "}: " ~ sentence) }}
                end
                {%- endfor %}
            end as reason
        from {{ relation or seed }}
        cross join ({{ whole_numbers('rule_number', 1, rules | length) }}) as rules
    ) as findings
    where reason is not null
{%- endmacro %}


{# A text with {column} in it as SQL that puts the values in; a missing value reads `nothing`. #}
{% macro filled_in(text) %}
    {%- set parts = [] -%}
    {%- for part in modules.re.split('\\{(\\w+)\\}', text) -%}
        {%- if loop.index is divisibleby(2) -%}
            {%- do parts.append("coalesce(cast(" ~ part ~ " as " ~ dbt.type_string() ~ "), 'nothing')") -%}
        {%- elif part -%}
            {%- do parts.append("'" ~ part | replace("'", "''") ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dbt.concat(parts)) }}
{% endmacro %}


{# One row per word of a list, whatever joins its words: the columns `keys`, the word and its place. Reads a CTE `places`. #}
{% macro words_of(relation, keys, list, delimiter) -%}
    select
        {% for key in keys -%}
            {{ relation }}.{{ key }},
        {% endfor -%}
        '{{ list }}' as list_name,
        split_part({{ relation }}.{{ list }}, '{{ delimiter }}', places.place) as word,
        places.place
    from {{ relation }}
    cross join places
    where split_part({{ relation }}.{{ list }}, '{{ delimiter }}', places.place) <> ''
{%- endmacro %}


{# The columns of the input contract as `entity.column`, in the order of the contract. #}
{% macro contract_column_names() %}
    {%- set names = [] -%}
    {%- for entity, contract in contract_entities().items() -%}
        {%- for column in contract.columns.split() -%}
            {%- do names.append(entity ~ '.' ~ column.rstrip('!?')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{#
  Signs that the seed scenarios may stop a journey on: those of fct_interactions that a person gives (but a cart), an order at a drive, and a redeemed
  offer. The end of its trigger stops every journey: the last word is for those that nothing else stops.
#}
{% macro stop_signs() %}
    {{ return([
        'order', 'drive_order', 'return', 'redemption', 'click', 'visit', 'product_view', 'wishlist_add', 'login', 'form_submit',
        'store_visit', 'ticket', 'complaint', 'survey_answer', 'refund', 'loyalty_use',
        'trigger_contradicted',
    ]) }}
{% endmacro %}


{# What moments with a closed list of subjects can be about; went_down and went_up are about the segments of the seed. #}
{% macro moment_subjects() %}
    {{ return({
        'address_missing': ['email', 'phone'],
        'birthday': engagement_tiers(),
        'contract_date': ['start', 'end'],
        'drive_use': ['never', 'lapsed', 'greeted'],
        'form_submitted': ['contest', 'preference', 'enrichment', 'lead_ad'],
        'interest_shown': ['product_view', 'wishlist_add'],
        'order': ['first', 'repeat'],
        'order_delivered': ['store', 'drive', 'web', 'app', 'phone'],
        'order_overdue': ['weekly', 'monthly', 'quarterly', 'half_yearly', 'yearly'],
        'fell_silent': engagement_tiers()[1:] + ['stopped_buying'],
        'returned': engagement_tiers()[1:],
        'loyalty_event': ['points_expire', 'level_reached'],
        'lookalike_rank': ['returned', 'engaged'],
        'preference_unknown': ['silent', 'no_response', 'nothing_declared'],
        'recommended': ['similar_buyers', 'popular'],
        'risk_signal': ['costly_decline', 'at_risk_of_inactive'],
        'service_event': ['ticket', 'complaint', 'survey_answer', 'refund'],
        'inactive': engagement_tiers() | reject('equalto', 'active') | list,
    }) }}
{% endmacro %}
