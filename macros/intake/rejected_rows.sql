{#
  The body of rejected_<entity>: one row per rejected row or value of input_<entity>, with its reason, never the value.

  Every entity is checked for rows without key, repeated keys (the copy extracted last is kept and goes on), and columns
  that the contract never leaves empty. The rest is said by the model:

  happened_at      the event's column: not after extracted_at (after_extraction), not before earliest_plausible_date
                   (implausible_date). Never compared with the as-of date: replaying March would reject the rest of the year.
  accepted         {column: [values]}: a closed list (not_in_list); null passes, what may not be null is checked above
  not_negative     columns that are never below zero (negative_amount)
  currency         the column that must equal the setting currency_code (wrong_currency)
  ranges           [[from, to]]: half-open ranges that must not end before they begin (reversed_range)
  parents          [{reason, to, columns, fields?, where?, having?}]: each row whose columns are all filled (and `where`
                   holds) has a row in `to` with equal fields (and `having` holds)
  values           [{column, reason, is_bad}]: the value is put aside, the row stays; the intake model blanks it by the
                   same expression
  numbered_within  the key is (this column, a small whole number): repeated keys are found at a quarter of the cost

  Semi and anti joins (both engines have them), not `exists`: DuckDB 1.5 plans a correlated `exists` as a join that first
  copies and de-duplicates the big side, three times the work and twice the memory at 100 million lines.
#}
{% macro rejected_rows(
    entity, happened_at=none, accepted={}, not_negative=[], currency=none, ranges=[], parents=[], values=[], numbered_within=none
) -%}
{%- set keys = key_columns(entity, 'input_rows') -%}
{%- set rules = [] -%}
{%- for column in contract(entity)['required'] if column not in contract(entity)['key'] -%}
    {%- do rules.append({'reason': 'missing_value', 'column': column, 'is_bad': 'checked.' ~ column ~ ' is null'}) -%}
{%- endfor -%}
{%- for column, list in accepted.items() -%}
    {%- do rules.append({
        'reason': 'not_in_list', 'column': column, 'is_bad': 'checked.' ~ column ~ " not in ('" ~ list | join("', '") ~ "')"
    }) -%}
{%- endfor -%}
{%- if currency -%}
    {%- do rules.append({
        'reason': 'wrong_currency', 'column': currency, 'is_bad': 'checked.' ~ currency ~ " <> '" ~ setting('currency_code') ~ "'"
    }) -%}
{%- endif -%}
{%- if happened_at -%}
    {%- set happened = 'cast(checked.' ~ happened_at ~ ' as timestamp)' -%}
    {%- do rules.append({
        'reason': 'after_extraction', 'column': happened_at, 'is_bad': happened ~ ' > checked.extracted_at'
    }) -%}
    {%- do rules.append({
        'reason': 'implausible_date', 'column': happened_at,
        'is_bad': happened ~ " < cast('" ~ setting('earliest_plausible_date') ~ "' as timestamp)"
    }) -%}
{%- endif -%}
{%- for column in not_negative -%}
    {%- do rules.append({'reason': 'negative_amount', 'column': column, 'is_bad': 'checked.' ~ column ~ ' < 0'}) -%}
{%- endfor -%}
{%- for range in ranges -%}
    {%- do rules.append({
        'reason': 'reversed_range', 'column': range[1], 'is_bad': 'checked.' ~ range[1] ~ ' < checked.' ~ range[0]
    }) -%}
{%- endfor -%}

{# The rows that are checked: one per key. Written out wherever it is read, see valid_rows(). #}
{%- set checked_rows -%}
    (
        select
            {{ contract_columns(entity, 'input_rows') | indent(4) }}
        from {{ ref('input_' ~ entity) }} as input_rows
        anti join repeated_keys on {{ same_key(entity, 'input_rows', 'repeated_keys') }}
        where {{ has_key(entity, 'input_rows') }}
        union all
        select
            {{ contract_columns(entity, 'repeated_rows') | indent(4) }}
        from repeated_rows
        where repeated_rows.copy_number = 1
    ) as checked
{%- endset -%}

with

{% if numbered_within -%}
{%- set number = (contract(entity)['key'] | reject('equalto', numbered_within) | list)[0] -%}
{# One bit per number: as many bits as rows when no two are equal. So one group per order tells, not one per line. #}
suspects as (
    select input_rows.{{ numbered_within }}
    from {{ ref('input_' ~ entity) }} as input_rows
    group by input_rows.{{ numbered_within }}
    having
        count(*) <> coalesce(bit_count(bit_or(
            case
                when input_rows.{{ number }} between 0 and 62
                    then {{ power_of_two('input_rows.' ~ number) }}
            end
        )), 0)
),

{% endif -%}
repeated_keys as (
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        count(*) as copies
    from {{ ref('input_' ~ entity) }} as input_rows
    {%- if numbered_within %}
    semi join suspects on input_rows.{{ numbered_within }} = suspects.{{ numbered_within }}
    {%- endif %}
    where {{ has_key(entity, 'input_rows') }}
    group by {% for column in keys %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
    having count(*) > 1
),

repeated_rows as (
    select
        {{ contract_columns(entity, 'input_rows') }},
        {{ copy_number(entity, 'input_rows') }} as copy_number
    from {{ ref('input_' ~ entity) }} as input_rows
    semi join repeated_keys on {{ same_key(entity, 'input_rows', 'repeated_keys') }}
),

failures as (
    select
        {% for column in key_columns(entity, 'checked') -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        case
            {% for rule in rules -%}
                when {{ rule.is_bad }} then '{{ rule.column }}'
            {% endfor -%}
        end as column_name,
        case
            {% for rule in rules -%}
                when {{ rule.is_bad }} then '{{ rule.reason }}'
            {% endfor -%}
        end as reason,
        0 as priority
    from {{ checked_rows }}
    where
        {% for rule in rules -%}
            {% if not loop.first %}or {% endif %}{{ rule.is_bad }}
        {% endfor -%}
    {%- for parent in parents %}
    union all
    select
        {% for column in key_columns(entity, 'checked') -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        '{{ parent.column or parent.columns[-1] }}' as column_name,
        '{{ parent.reason }}' as reason,
        {{ loop.index }} as priority
    from {{ checked_rows }}
    anti join {{ parent.to }} as parents
        on
            {% for column in parent.columns -%}
                {% if not loop.first %}and {% endif -%}
                checked.{{ column }} = parents.{{ (parent.fields or parent.columns)[loop.index0] }}
            {% endfor -%}
            {%- if parent.having %}and parents.{{ parent.having }}{% endif %}
    where
        {% for column in parent.columns -%}
            {% if not loop.first %}and {% endif %}checked.{{ column }} is not null
        {% endfor -%}
        {%- if parent.where %}and ({{ parent.where }}){% endif %}
    {%- endfor %}
),

first_failures as (
    select
        failures.*,
        row_number() over (
            partition by {% for column in keys %}failures.{{ column.name }}{{ ', ' if not loop.last }}{% endfor %}
            order by failures.priority
        ) as failure_number
    from failures
),

rejects as (
    select
        {% for column in keys -%}
            {{ column.sql }} as {{ column.name }},
        {% endfor -%}
        {% for column in contract(entity)['key'] -%}
            {% if loop.first %}case{% endif %} when input_rows.{{ column }} is null then '{{ column }}'
        {% endfor -%}
        end as column_name,
        'missing_key' as reason,
        true as is_row_rejected,
        count(*) as rejected_rows
    from {{ ref('input_' ~ entity) }} as input_rows
    where not ({{ has_key(entity, 'input_rows') }})
    group by {% for column in keys %}{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}, {{ keys | length + 1 }}
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
    where first_failures.failure_number = 1
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
    from {{ checked_rows }}
    anti join first_failures on {{ same_key(entity, 'checked', 'first_failures') }}
    where {{ value.is_bad }}
    {%- endfor %}
)

select
    {% for column in keys -%}
        rejects.{{ column.name }},
    {% endfor -%}
    '{{ entity }}' as entity,
    {% set parts = [] -%}
    {%- for column in keys -%}
        {%- do parts.append("coalesce(cast(rejects." ~ column.name ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    {{ dbt.concat(interleave(parts)) }} as record_key,
    rejects.column_name,
    rejects.reason,
    cast(rejects.rejected_rows as bigint) as rejected_rows,
    rejects.is_row_rejected
from rejects
{%- endmacro %}
