-- What people edit about tastes: every finding is a sentence that names the seed and the row.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set rules = [] -%}
{%- for column in [
    'recommendation_window_days', 'recommendation_decay_days', 'min_own_purchases', 'min_item_purchases',
    'min_pair_profiles', 'max_item_weight', 'similar_items', 'scored_items', 'list_length', 'learning_profiles',
    'replenishment_window_days',
    'min_own_gaps', 'min_category_gaps', 'min_category_profiles', 'replenishment_hit_days'
] -%}
    {%- do rules.append((
        'coalesce(' ~ column ~ ', 0) < 1', column ~ ' is {' ~ column ~ '}; write a whole number, at least 1.'
    )) -%}
{%- endfor -%}
{%- do rules.append((
    'min_category_gaps > min_own_gaps',
    'min_category_gaps ({min_category_gaps}) is above min_own_gaps ({min_own_gaps}): no category is asked; lower it.'
)) %}

with

taste_rules as (
    select * from {{ ref('taste_rules') }}
),

replenishment_intervals as (
    select * from {{ ref('replenishment_intervals') }}
),

everybody as (
    select count(*) as everybody_rows
    from taste_rules
    where sector = '*'
),

findings as (
    {{ seed_findings('taste_rules', ['sector'], rules) }}
    union all
    {{ seed_findings('replenishment_intervals', ['sector', 'category', 'package_size'], [
        ('coalesce(supply_days, 0) < 1', 'supply_days is {supply_days}; write the days that a package lasts.'),
        (
            'sector is null or category is null or package_size is null',
            'a name is missing; write * for all sectors or packages.'
        )
    ]) }}
    union all
    select 'Seed taste_rules has no row of sector *: write one, for all sectors that have none.' as reason
    from everybody
    where everybody_rows = 0
)

select reason
from findings
