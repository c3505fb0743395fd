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


{# A rule of seed_findings(): words joined by > and by nothing else, so that none is empty or has a blank beside it. #}
{% macro must_be_words(column, example) %}
    {{ return([(
        'not ' ~ regex_like(column, '^[^> ]([^>]*[^> ])?(>[^> ]([^>]*[^> ])?)*$'),
        column ~ ' is {' ~ column ~ '}: write words joined by > and nothing else, such as ' ~ example ~ '.'
    )]) }}
{% endmacro %}


{# A rule of seed_findings(): a name that can be told from what stands beside it, where lists and texts name it. #}
{% macro must_be_a_name(column, what) %}
    {{ return([(
        'not coalesce(' ~ regex_like(column, '^[^ :>]([^:>]*[^ :>])?$') ~ ', false)',
        column ~ ' is {' ~ column ~ '}: write a name without : and >, such as ' ~ what ~ '.'
    )]) }}
{% endmacro %}


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


{# Moments that are about nothing, that have no value, and whose date is known ahead: of others a row that says so hears nothing, or too late. #}
{% macro moments_without_subject() %}
    {{ return(['available_again', 'became_contactable', 'cart_left', 'to_purge']) }}
{% endmacro %}

{% macro moments_without_value() %}
    {{ return(['address_missing', 'became_contactable', 'birthday', 'contract_date', 'preference_unknown']) }}
{% endmacro %}

{# A message about them after their date is none. `loyalty_event` is known ahead where it is about points that run out. #}
{% macro moments_due_by_date() %}
    {{ return(['birthday', 'contract_date']) }}
{% endmacro %}

{# Told of when they have happened, never before. #}
{% macro moments_told_afterwards() %}
    {{ return([
        'available_again', 'became_contactable', 'cart_left', 'fell_silent', 'form_submitted', 'interest_shown', 'order', 'order_delivered',
        'order_overdue', 'returned', 'risk_signal', 'service_event', 'went_down', 'went_up',
    ]) }}
{% endmacro %}


{# What moments let a message say: their keys of `personalisation`. #}
{% macro moment_texts() %}
    {{ return({
        'available_again': ['product_ids'],
        'became_contactable': ['interest', 'interest_source', 'preferred_store_id'],
        'cart_left': ['cart_id', 'product_ids', 'item_count', 'cart_amount'],
        'contract_date': ['contract_type', 'contract_date'],
        'drive_use': ['drive_store_id', 'drive_store_name'],
        'form_submitted': ['form_type', 'interest'],
        'interest_shown': ['category', 'wished_product_ids'],
        'lookalike_rank': ['lookalike_value'],
        'loyalty_event': ['points', 'event_date'],
        'order': ['order_id', 'store_id', 'category', 'item_1', 'item_2', 'item_3'],
        'order_delivered': ['order_id', 'store_id', 'sales_channel'],
        'order_overdue': ['favourite_item', 'interest', 'preferred_store_id'],
        'recommended': ['item_1', 'item_2', 'item_3'],
        'service_event': ['order_id'],
        'stock_nearly_out': ['category', 'product_id', 'product_name', 'package_size'],
        'went_down': ['steps_down'],
    }) }}
{% endmacro %}
