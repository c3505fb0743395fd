-- Whether the input has what each scenario needs: without it everything still builds, and this says what stays idle. It
-- also judges what is switched off, for those who think of switching it on.
{%- set needed = needed_contract_columns() -%}
-- which entities are counted is known when the seed is read; dbt wants to know before
-- depends_on:{% for entity in contract_entities() %} {{ ref('input_' ~ entity) }}{% endfor %}

with

scenarios as (
    select * from {{ ref('scenarios') }}
),

places as (
    {{ whole_numbers('place', 1, 30) }}
),

needs as (
    {% for kind in ['targeting', 'trigger', 'personalisation', 'interruption'] -%}
        {{ words_of('scenarios', ['scenario_id'], kind ~ '_data', ' ') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- each entity is read once, whatever is counted in it
counts as (
    {% for entity, columns in needed.items() -%}
        select
            {{ dbt.concat(["'" ~ entity ~ ".'", 'named_columns.column_name']) }} as contract_column,
            counted.row_count,
            case named_columns.column_name
                {% for column in columns -%}
                    when '{{ column }}' then counted.filled_{{ column }}
                {% endfor %}
            end as filled_row_count
        from (
            select
                {% for column in columns -%}
                    count({{ column }}) as filled_{{ column }},
                {% endfor -%}
                count(*) as row_count
            from {{ ref('input_' ~ entity) }}
        ) as counted
        cross join ({{ literal_rows(['column_name'], columns | batch(1)) }}) as named_columns
        union all
    {% endfor -%}
    select
        cast(null as string) as contract_column,
        cast(0 as bigint) as row_count,
        cast(0 as bigint) as filled_row_count
),

readiness as (
    select
        needs.scenario_id,
        replace(needs.list_name, '_data', '') as data_kind,
        needs.word as contract_column,
        scenarios.is_enabled,
        coalesce(counts.row_count, 0) as row_count,
        coalesce(counts.filled_row_count, 0) as filled_row_count
    from needs
    inner join scenarios
        on needs.scenario_id = scenarios.scenario_id
    left join counts
        on needs.word = counts.contract_column
)

select
    scenario_id,
    data_kind,
    contract_column,
    row_count,
    filled_row_count,
    case when row_count > 0 then cast(filled_row_count as double) / cast(row_count as double) end as fill_share,
    filled_row_count > 0 as is_ready,
    is_enabled
from readiness
