{#
  The body of rejected_<entity>: one row per key and reason for which rows or a value of input_<entity> were set aside, never
  the value.

  Every entity is checked for rows without key, repeated keys (the copy extracted last is kept and goes on), and columns
  that the contract never leaves empty. The rest is said by the model:

  happened_at      the event's column: not after extracted_at (after_extraction), not before earliest_plausible_date
                   (implausible_date). Never compared with the as-of date: replaying March would reject the rest of the year.
  accepted         {column: [values]}: a closed list (not_in_list); null passes, what may not be null is checked above
  not_negative     columns that are never below zero (negative_amount)
  currency         the column that must equal the setting currency_code (wrong_currency)
  ranges           [[from, to]]: half-open ranges that must not end before they begin (reversed_range)
  parents          [{reason, to, columns, fields?, column?, where?, having?, is_wrong?}]: each row whose columns are all filled
                   (and `where` holds) has a row in `to` with equal fields (and `having` holds), or has none when is_wrong:
                   asked of few rows of `to`, that costs less than asking nearly all of them for the opposite
  values           [{column, reason, is_bad}]: the value is set aside, the row stays; the intake model blanks it by the same
                   expression. Closed lists of the contract's else_blank are added (not_in_list).
  checks           [{column, reason, is_bad}]: what else rejects a row, said of it when nothing above is wrong with it
  numbered_within  the key is (this column, a small whole number): repeated keys are found at a quarter of the cost

  Rows of people who were erased are counted (reason erased, no key) and not looked at; see erased_contacts.sql.

  Rows are checked where they are read, and what fails is sorted out afterwards: rejects are few, input may be 100 million rows.
#}
{% macro rejected_rows(
    entity, happened_at=none, accepted={}, not_negative=[], currency=none, ranges=[], parents=[], values=[], checks=[],
    numbered_within=none
) -%}
{%- set input = judged_rows(entity) -%}
{%- set keys = key_columns(entity, 'input_rows') -%}
{%- set rules = row_rules(entity, happened_at, accepted, not_negative, currency, ranges) -%}
{%- set values = values | list -%}
{%- for column, list in contract(entity)['else_blank'].items() -%}
    {%- do values.append({'column': column, 'reason': 'not_in_list', 'is_bad': is_not_in('checked.' ~ column, list)}) -%}
{%- endfor -%}
with

{{ kept_judged_rows(entity) }}
{%- if numbered_within -%}
{%- set number = (contract(entity)['key'] | reject('equalto', numbered_within) | list)[0] -%}
suspects as (
    {{ repeated_numbers(input, numbered_within, number) }}
),

{% endif -%}
repeated_keys as (
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        count(*) as copies
    from {{ input }} as input_rows
    {%- if numbered_within %}
    inner join suspects on input_rows.{{ numbered_within }} = suspects.{{ numbered_within }}
    {%- endif %}
    where
        {{ has_key(entity, 'input_rows') }}
        and {{ planned_once() }}
    group by {% for column in keys %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
    having count(*) > 1
),

repeated_rows as (
    select
        {{ contract_columns(entity, 'input_rows') }},
        {{ copy_number(entity, 'input_rows') }} as copy_number
    from {{ input }} as input_rows
    inner join repeated_keys on {{ same_key(entity, 'input_rows', 'repeated_keys') }}
),

kept_copies as (
    select *
    from repeated_rows
    where
        copy_number = 1
        and {{ planned_once() }}
),

-- of every copy; what is said of a repeated key is dropped below
failing_rows as (
    {{ failures(entity, input, rules, parents, checks) }}
),

failing_copies as (
    {{ failures(entity, 'kept_copies', rules, parents, checks) }}
),

all_failures as (
    select failing_rows.*
    from failing_rows
    {{ anti_join() }} repeated_keys
        on {% for column in keys %}{{ ' and ' if not loop.first }}failing_rows.{{ column.name }} = repeated_keys.{{ column.name }}{% endfor %}
    where {% for column in keys %}{{ ' and ' if not loop.first }}failing_rows.{{ column.name }} is not null{% endfor %}
    union all
    select failing_copies.*
    from failing_copies
),

ranked_failures as (
    select
        all_failures.*,
        row_number() over (
            partition by {% for column in keys %}all_failures.{{ column.name }}{{ ', ' if not loop.last }}{% endfor %}
            order by all_failures.priority asc nulls last
        ) as failure_number
    from all_failures
),

first_failures as (
    select *
    from ranked_failures
    where
        failure_number = 1
        and {{ planned_once() }}
),

{% if values -%}
-- they stay, without the values
rows_with_bad_values as (
    {% for source in [input, 'kept_copies'] -%}
    select
        {{ contract_columns(entity, 'checked') }}
    from {{ source }} as checked
    {{ anti_join() }} first_failures on {{ same_key(entity, 'checked', 'first_failures') }}
    {%- if source == input %}
    {{ anti_join() }} repeated_keys on {{ same_key(entity, 'checked', 'repeated_keys') }}
    {%- endif %}
    where
        (
            {% for value in values -%}
                {% if not loop.first %}or {% endif %}{{ value.is_bad }}
            {% endfor -%}
        )
        and {{ has_key(entity, 'checked') }}
        and {{ planned_once() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

{% endif -%}
rejects as (
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        case
            {% for column in contract(entity)['key'] -%}
                when input_rows.{{ column }} is null then '{{ column }}'
            {% endfor %}
        end as column_name,
        'missing_key' as reason,
        true as is_row_rejected,
        count(*) as rejected_rows
    from {{ input }} as input_rows
    where not ({{ has_key(entity, 'input_rows') }})
    group by {% for column in keys %}{{ loop.index }}, {% endfor %}{{ keys | length + 1 }}
    union all
    select
        {% for column in keys -%}
            repeated_keys.{{ column.name }},
        {% endfor -%}
        '{{ contract(entity)['key'][-1] }}' as column_name,
        'duplicate_key' as reason,
        true as is_row_rejected,
        repeated_keys.copies - 1 as rejected_rows
    from repeated_keys
    union all
    select
        {% for column in keys -%}
            first_failures.{{ column.name }},
        {% endfor -%}
        first_failures.column_name,
        first_failures.reason,
        true as is_row_rejected,
        1 as rejected_rows
    from first_failures
    {%- if can_be_erased(entity) %}
    {%- set person_key = contract(entity)['person_key'] %}
    union all
    select
        {% for column in keys -%}
            null as {{ column.name }},
        {% endfor -%}
        '{{ 'contact_id' if person_key == 'contact' else contract(person_key)['key'][-1] }}' as column_name,
        'erased' as reason,
        true as is_row_rejected,
        counts.delivered_rows - counts.judged_rows as rejected_rows
    from (
        select
            (select count(*) from {{ ref('input_' ~ entity) }}) as delivered_rows,
            (select count(*) from {{ input }} as input_rows) as judged_rows
    ) as counts
    where counts.delivered_rows > counts.judged_rows
    {%- endif %}
    {%- for value in values %}
    union all
    select
        {% for column in key_columns(entity, 'checked') -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        '{{ value.column }}' as column_name,
        '{{ value.reason }}' as reason,
        false as is_row_rejected,
        1 as rejected_rows
    from rows_with_bad_values as checked
    where {{ value.is_bad }}
    {%- endfor %}
)

select
    {% for column in keys -%}
        rejects.{{ column.name }},
    {% endfor -%}
    '{{ entity }}' as entity,
    {{ record_key(keys, 'rejects') }} as record_key,
    rejects.column_name,
    rejects.reason,
    cast(rejects.rejected_rows as bigint) as rejected_rows,
    rejects.is_row_rejected
from rejects
{%- endmacro %}


{# What a row alone can break, as [{reason, column, is_bad}]; the first that holds is the row's reason. #}
{% macro row_rules(entity, happened_at, accepted, not_negative, currency, ranges) %}
    {%- set rules = [] -%}
    {%- for column in contract(entity)['required'] if column not in contract(entity)['key'] -%}
        {%- do rules.append({'reason': 'missing_value', 'column': column, 'is_bad': 'checked.' ~ column ~ ' is null'}) -%}
    {%- endfor -%}
    {%- for column, list in accepted.items() -%}
        {%- do rules.append({
            'reason': 'not_in_list',
            'column': column,
            'is_bad': 'checked.' ~ column ~ " not in ('" ~ list | join("', '") ~ "')",
        }) -%}
    {%- endfor -%}
    {%- if currency -%}
        {%- do rules.append({
            'reason': 'wrong_currency',
            'column': currency,
            'is_bad': 'checked.' ~ currency ~ " <> '" ~ setting('currency_code') ~ "'",
        }) -%}
    {%- endif -%}
    {%- if happened_at -%}
        {%- set happened = 'cast(checked.' ~ happened_at ~ ' as timestamp)' -%}
        {%- do rules.append({
            'reason': 'after_extraction',
            'column': happened_at,
            'is_bad': happened ~ ' > checked.extracted_at',
        }) -%}
        {%- do rules.append({
            'reason': 'implausible_date',
            'column': happened_at,
            'is_bad': happened ~ " < cast('" ~ setting('earliest_plausible_date') ~ "' as timestamp)",
        }) -%}
    {%- endif -%}
    {%- for column in not_negative -%}
        {%- do rules.append({'reason': 'negative_amount', 'column': column, 'is_bad': 'checked.' ~ column ~ ' < 0'}) -%}
    {%- endfor -%}
    {%- for range in ranges -%}
        {%- do rules.append({
            'reason': 'reversed_range',
            'column': range[1],
            'is_bad': 'checked.' ~ range[1] ~ ' < checked.' ~ range[0],
        }) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{# The rows of a relation that break a rule, or lack a parent: key, column_name, reason, priority (the smallest one counts). #}
{% macro failures(entity, relation, rules, parents, checks) -%}
{%- set keys = key_columns(entity, 'checked') -%}
{%- set all_rules = rules + checks -%}
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        case
            {% for rule in all_rules -%}
                when {{ rule.is_bad }} then '{{ rule.column }}'
            {% endfor %}
        end as column_name,
        case
            {% for rule in all_rules -%}
                when {{ rule.is_bad }} then '{{ rule.reason }}'
            {% endfor %}
        end as reason,
        {% if checks -%}
        case
            {% for rule in rules -%}
                when {{ rule.is_bad }} then 0
            {% endfor -%}
            else {{ parents | length + 1 }}
        end as priority
        {%- else -%}
        0 as priority
        {%- endif %}
    from {{ relation }} as checked
    where
        {% for rule in all_rules -%}
            {% if not loop.first %}or {% endif %}{{ rule.is_bad }}
        {% endfor %}
    {%- for parent in parents %}
    {%- set conditions = [] -%}
    {# a required column that is null is a missing value already #}
    {%- for column in parent.columns if column not in contract(entity)['required'] -%}
        {%- do conditions.append('checked.' ~ column ~ ' is not null') -%}
    {%- endfor -%}
    {%- if parent.where -%}{%- do conditions.append('(' ~ parent.where ~ ')') -%}{%- endif %}
    union all
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        '{{ parent.column or parent.columns[-1] }}' as column_name,
        '{{ parent.reason }}' as reason,
        {{ loop.index }} as priority
    from {{ relation }} as checked
    {{ 'inner join' if parent.is_wrong else anti_join() }} {{ parent.to }} as parents
        on
            {% for column in parent.columns -%}
                {% if not loop.first %}and {% endif -%}
                checked.{{ column }} = parents.{{ (parent.fields or parent.columns)[loop.index0] }}
            {% endfor -%}
            {%- if parent.having %}and parents.{{ parent.having }}{% endif -%}
    {% if conditions %}
    where {{ conditions | join(' and ') }}
    {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
