{#
  Rules of seed_findings() that many columns share: pairs of a condition and of what to say when it holds. A column that
  is no name of its own says so in its sentence, so that whoever edits the file sees which cell is meant.
#}
{% macro must_be_there(columns) %}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append((
            "coalesce(trim(" ~ column ~ "), '') = ''", column ~ ' is missing: write it, or take the row out.'
        )) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{# One of these words. #}
{% macro must_be_one_of(column, allowed) %}
    {{ return([(
        "coalesce(" ~ column ~ ", '') not in ('" ~ allowed | join("', '") ~ "')",
        column ~ ' is {' ~ column ~ '}: write ' ~ allowed | join(', ') ~ '.'
    )]) }}
{% endmacro %}


{# Numbers, both ends included. #}
{% macro must_lie_in(columns, least, most=none) %}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append((
            column ~ ' is null or ' ~ column ~ ' < ' ~ least
            ~ (' or ' ~ column ~ ' > ' ~ most if most is not none else ''),
            column ~ ' is {' ~ column ~ '}: write a number '
            ~ ('from ' ~ least ~ ' to ' ~ most if most is not none else 'of ' ~ least ~ ' or more') ~ '.'
        )) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{# Numbers above zero. #}
{% macro must_be_positive(columns) %}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append((
            'coalesce(' ~ column ~ ', 0) <= 0', column ~ ' is {' ~ column ~ '}: write a number above 0.'
        )) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{# Dates that are there. #}
{% macro must_be_dated(columns) %}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append((column ~ ' is null', column ~ ' is missing: write a date, such as 2024-01-01.')) -%}
    {%- endfor -%}
    {{ return(rules) }}
{% endmacro %}


{#
  What is wrong with the rows of these seeds, as `reason`, the first finding of each row: {seed: (what names a row,
  rules)}. Of the seeds `for_everybody` a sector without rows of its own takes those of sector *, which must be there.
#}
{% macro first_findings(seeds, for_everybody=[]) -%}
    with

    {% for seed in seeds -%}
        {{ seed }} as (
            select * from {{ ref(seed) }}
        ),

    {% endfor -%}
    findings as (
        {% for seed, (row_name, rules) in seeds.items() -%}
            {%- set row = "Seed " ~ seed ~ ", row {" ~ row_name | join("}, {") ~ "}: " -%}
            select
                case
                    {% for condition, sentence in rules -%}
                        when {{ condition }} then {{ filled_in(row ~ sentence) }}
                    {% endfor %}
                end as reason
            from {{ seed }}
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {% for seed in for_everybody -%}
            union all
            select
                case
                    when coalesce(sum(case when sector = '*' then 1 end), 0) = 0
                        then 'Seed {{ seed }} has no row of sector *: write one, for all sectors that have none.'
                end as reason
            from {{ seed }}
        {% endfor %}
    )

    select reason
    from findings
    where reason is not null
{%- endmacro %}
