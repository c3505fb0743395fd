-- The sums from which every figure of a comparison follows, and what judges it, so that anybody can come to it another
-- way. Parts add up to the whole: people are added up once, into cells, and cells into slices; as decimals, so that the
-- order in which they are added makes no difference. Where groups cannot be compared there are no sums: two of them,
-- side by side, are the lift that nobody is to be told.
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

experiment_health as (
    select * from {{ ref('experiment_health') }}
),

-- of all groups together: a cap of each would hide what sets them apart
placed as (
    select
        scenario_outcomes.experiment_id,
        outcome_metrics.metric_id,
        outcome_metrics.winsorised_share,
        cast({{ measure_named('outcome_metrics.measure') }} as decimal(18,6)) as main,
        cume_dist() over (
            partition by
                scenario_outcomes.experiment_id,
                outcome_metrics.metric_id
            order by {{ measure_named('outcome_metrics.measure') }} asc nulls last
        ) as place
    from scenario_outcomes
    cross join outcome_metrics
    where
        scenario_outcomes.is_analysed
        and outcome_metrics.winsorised_share is not null
),

caps as (
    select
        experiment_id,
        metric_id,
        min(main) as cap
    from placed
    -- 1 - 0.01 is not 0.99 to the last digit
    where place >= 1e0 - winsorised_share - 1e-9
    group by
        experiment_id,
        metric_id
),

-- a row per person and metric, read once: kept for a second reader it would take longer than adding it up
measured as (
    select
        scenario_outcomes.experiment_id,
        scenario_outcomes.variation_id,
        scenario_outcomes.reason_code,
        scenario_outcomes.offer_type,
        outcome_metrics.metric_id,
        outcome_metrics.kind,
        caps.cap,
        cast({{ measure_named('outcome_metrics.measure') }} as decimal(18,6)) as uncapped_main,
        cast({{ measure_named('outcome_metrics.denominator') }} as decimal(18,6)) as denominator,
        cast({{ measure_named('outcome_metrics.covariate') }} as decimal(18,6)) as covariate,
        scenario_outcomes.is_baseline,
        outcome_metrics.denominator is not null as is_divided
    from scenario_outcomes
    cross join outcome_metrics
    left join caps
        on
            scenario_outcomes.experiment_id = caps.experiment_id
            and outcome_metrics.metric_id = caps.metric_id
    where scenario_outcomes.is_analysed
),

people as (
    select
        *,
        case when uncapped_main > cap then cap else uncapped_main end as main,
        case when case when kind = 'ratio' then denominator else uncapped_main end <> 0 then 1 end as counted,
        case when uncapped_main is not null and (denominator is not null or not is_divided) then 1 end as measured
    from measured
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
        count(measured) as measured_users,
        count(counted) as counted_users,
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
            measured_users,
            counted_users,
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
        cast(sum(users) as bigint) as users,
        cast(sum(measured_users) as bigint) as measured_users,
        cast(sum(counted_users) as bigint) as counted_users
    from slices
    group by
        experiment_id,
        variation_id,
        slice_kind,
        slice,
        metric_id,
        is_baseline
),

-- whoever was drawn, window over or not: whether groups have the sizes that they were drawn with is asked of all
draws as (
    select
        experiment_id,
        variation_id,
        scenario_id,
        holdout_period,
        objective,
        max(expected_share) as expected_share,
        count(*) as drawn_users
    from scenario_outcomes
    where is_first
    group by
        experiment_id,
        variation_id,
        scenario_id,
        holdout_period,
        objective
),

-- a few people are no group: what they did is theirs; a ratio is of those who have a denominator
reasons as (
    select
        summed.*,
        outcome_metrics.kind,
        outcome_metrics.role,
        outcome_metrics.direction,
        outcome_metrics.smallest_relevant_lift,
        outcome_metrics.non_inferiority_margin,
        coalesce(
            {{ unmeasured_because('summed.users', 'summed.measured_users') }},
            case when outcome_metrics.kind = 'ratio' then {{ withheld_because('summed.counted_users') }} end
        ) as unmeasured_because
    from summed
    left join outcome_metrics
        on summed.metric_id = outcome_metrics.metric_id
),

judged as (
    select
        reasons.*,
        coalesce(reasons.unmeasured_because, experiment_health.untrusted_because) as withheld_because
    from reasons
    left join experiment_health
        on reasons.experiment_id = experiment_health.experiment_id
)

select
    judged.experiment_id,
    judged.variation_id,
    draws.scenario_id,
    draws.holdout_period,
    draws.objective,
    judged.slice_kind,
    judged.slice,
    judged.metric_id,
    judged.kind,
    judged.role,
    judged.withheld_because,
    judged.direction,
    case when judged.unmeasured_because is null then judged.users end as users,
    case when judged.withheld_because is null then judged.counted_users end as counted_users,
    cast({{ unless_withheld('draws.drawn_users', 'draws.drawn_users') }} as bigint) as drawn_users,
    draws.expected_share,
    judged.smallest_relevant_lift,
    judged.non_inferiority_margin,
    {%- for name in sums %}
        cast(case when judged.withheld_because is null then judged.{{ name }} end as double) as {{ name }},
    {%- endfor %}
    judged.is_baseline
from judged
left join draws
    on
        judged.experiment_id = draws.experiment_id
        and judged.variation_id = draws.variation_id
