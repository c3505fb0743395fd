-- The sums from which every figure of a comparison follows, so that anybody can come to it another way. Parts add up to
-- the whole: people are added up once, into cells, and cells into slices; as decimals, so that the order in which they
-- are added makes no difference.
{%- set sums = [
    'main_sum', 'main_sum_squares', 'denominator_sum', 'denominator_sum_squares', 'main_denominator_sum_product',
    'covariate_sum', 'covariate_sum_squares', 'main_covariate_sum_product'
] %}
{%- set slices = {
    'all': "'all'", 'reason_code': "coalesce(reason_code, 'none')", 'offer_type': "coalesce(offer_type, 'none')"
} %}

with

scenario_outcomes as (
    select * from {{ ref('scenario_outcomes') }}
),

outcome_metrics as (
    select * from {{ ref('outcome_metrics') }}
),

people as (
    select
        scenario_outcomes.experiment_id,
        scenario_outcomes.variation_id,
        scenario_outcomes.reason_code,
        scenario_outcomes.offer_type,
        outcome_metrics.metric_id,
        cast({{ measure_named('outcome_metrics.measure') }} as decimal(18,6)) as main,
        cast({{ measure_named('outcome_metrics.denominator') }} as decimal(18,6)) as denominator,
        cast({{ measure_named('outcome_metrics.covariate') }} as decimal(18,6)) as covariate,
        scenario_outcomes.is_baseline
    from scenario_outcomes
    cross join outcome_metrics
    where scenario_outcomes.is_analysed
),

-- a product of two decimals of 18 digits would not fit into 18
cells as (
    select
        experiment_id,
        variation_id,
        reason_code,
        offer_type,
        metric_id,
        is_baseline,
        count(*) as users,
        sum(main) as main_sum,
        sum(cast(main as decimal(19,6)) * main) as main_sum_squares,
        sum(denominator) as denominator_sum,
        sum(cast(denominator as decimal(19,6)) * denominator) as denominator_sum_squares,
        sum(cast(main as decimal(19,6)) * denominator) as main_denominator_sum_product,
        sum(covariate) as covariate_sum,
        sum(cast(covariate as decimal(19,6)) * covariate) as covariate_sum_squares,
        sum(cast(main as decimal(19,6)) * covariate) as main_covariate_sum_product
    from people
    group by
        experiment_id,
        variation_id,
        reason_code,
        offer_type,
        metric_id,
        is_baseline
),

slices as (
    {% for slice_kind, slice in slices.items() -%}
        select
            experiment_id,
            variation_id,
            '{{ slice_kind }}' as slice_kind,
            {{ slice }} as slice,
            metric_id,
            users,
            {{ sums | join(',\n            ') }},
            is_baseline
        from cells
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

summed as (
    select
        experiment_id,
        variation_id,
        slice_kind,
        slice,
        metric_id,
        is_baseline,
        {%- for name in sums %}
            sum({{ name }}) as {{ name }},
        {%- endfor %}
        cast(sum(users) as bigint) as users
    from slices
    group by
        experiment_id,
        variation_id,
        slice_kind,
        slice,
        metric_id,
        is_baseline
)

-- a few people are no group: what they did is theirs
select
    experiment_id,
    variation_id,
    slice_kind,
    slice,
    metric_id,
    {{ withheld_because('users') }} as withheld_because,
    {{ unless_withheld('users', 'users') }} as users,
    {%- for name in sums %}
        cast({{ unless_withheld('users', name) }} as double) as {{ name }},
    {%- endfor %}
    is_baseline
from summed
