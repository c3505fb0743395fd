-- What a comparison says, from nothing but experiment_statistics and experiment_health, and in a sentence. The interval
-- shown holds however often somebody looks; that of one look only, and its p, are information.
{%- set z = '1.959963984540054e0' %}
{%- set z_one_sided = '1.6448536269514722e0' %}
{%- set four_times_in_five = '0.8416212335729143e0' %}
{#- Newton's: after four steps the error is below 1e-8 -#}
{%- set people_steps = 4 %}
{#- Below these a difference over its error is not normal, and what is to hold at all times does not: where a twentieth
    buys, one in eight draws of 40 has no buyer, no variance of its own, and "won" whatever the truth is. -#}
{%- set least_people = 30 %}
{%- set least_counted = 10 %}
{%- set sums = [
    'main_sum', 'main_sum_squares', 'denominator_sum', 'denominator_sum_squares', 'main_denominator_sum_product',
    'covariate_sum', 'covariate_sum_squares', 'main_covariate_sum_product'
] %}

with

experiment_statistics as (
    select * from {{ ref('experiment_statistics') }}
),

experiment_health as (
    select * from {{ ref('experiment_health') }}
),

outcome_metrics as (
    select * from {{ ref('outcome_metrics') }}
),

half_years as (
    select
        experiment_id,
        first_assigned_date,
        coalesce(
            cast({{ dbt.concat([
                'substring(holdout_period, 1, 4)',
                "case when substring(holdout_period, 6, 1) = '1' then '-06-30' else '-12-31' end"
            ]) }} as date),
            {{ as_of_date() }}
        ) as last_date
    from experiment_health
),

-- days on which people were drawn, or could have been: those without a draw will come again, too
periods as (
    select
        experiment_id,
        {{ days_between('first_assigned_date', 'least(last_date, ' ~ as_of_date() ~ ')') }} + 1 as entry_days
    from half_years
),

measured as (
    select
        experiment_statistics.experiment_id,
        experiment_statistics.variation_id,
        experiment_statistics.slice_kind,
        experiment_statistics.slice,
        experiment_statistics.metric_id,
        experiment_statistics.withheld_because,
        experiment_statistics.users,
        experiment_statistics.counted_users,
        {%- for name in sums %}
            experiment_statistics.{{ name }},
        {%- endfor %}
        experiment_statistics.is_baseline,
        outcome_metrics.metric_name,
        outcome_metrics.kind,
        outcome_metrics.role,
        outcome_metrics.direction,
        outcome_metrics.smallest_relevant_lift,
        outcome_metrics.non_inferiority_margin
    from experiment_statistics
    inner join outcome_metrics
        on experiment_statistics.metric_id = outcome_metrics.metric_id
),

-- a mean of a ratio is a ratio of sums
described as (
    select
        *,
        cast(users as double) as people,
        -- of a rate, those who did or those who did not
        case when kind = 'rate' then least(counted_users, users - counted_users) else counted_users end
            as fewer_counted,
        case when kind = 'ratio' then main_sum / nullif(denominator_sum, 0e0) else main_sum / users end as mean,
        {{ sample_variance('main_sum', 'main_sum_squares', 'users') }} as main_variance,
        denominator_sum / users as denominator_mean,
        {{ sample_variance('denominator_sum', 'denominator_sum_squares', 'users') }} as denominator_variance,
        {{ sample_covariance('main_sum', 'denominator_sum', 'main_denominator_sum_product', 'users') }}
            as denominator_covariance,
        covariate_sum / users as covariate_mean,
        {{ sample_variance('covariate_sum', 'covariate_sum_squares', 'users') }} as covariate_variance,
        {{ sample_covariance('main_sum', 'covariate_sum', 'main_covariate_sum_product', 'users') }} as covariance
    from measured
),

groups as (
    select
        *,
        case
            when kind = 'ratio'
                then {{ ratio_variance(
                    'mean', 'main_variance', 'denominator_mean', 'denominator_variance', 'denominator_covariance'
                ) }}
            else main_variance
        end as variance,
        case when kind = 'rate' then mean end as rate
    from described
),

rates as (
    select
        *,
        {{ wilson_bound('rate', 'people', z, '-') }} as lower_rate,
        {{ wilson_bound('rate', 'people', z, '+') }} as upper_rate,
        {{ wilson_bound('rate', 'people', z_one_sided, '-') }} as lower_rate_one_sided,
        {{ wilson_bound('rate', 'people', z_one_sided, '+') }} as upper_rate_one_sided
    from groups
),

-- each group with the baseline; and where some get what there was before, who is treated with those, told as a slice,
-- so that what is new does not hide behind what any message does
others as (
    select
        *,
        slice_kind as told_slice_kind
    from rates
    where not is_baseline
    union all
    select
        *,
        'as_before' as told_slice_kind
    from rates
    where
        variation_id = 'treated'
        and slice_kind = 'all'
),

-- what cannot be trusted is not shown, nor are the two means: everything below follows from them
pairs as (
    select
        others.experiment_id,
        others.variation_id,
        baselines.variation_id as baseline_id,
        others.told_slice_kind as slice_kind,
        others.slice,
        others.metric_id,
        others.metric_name,
        others.kind,
        others.role,
        others.direction,
        others.smallest_relevant_lift,
        others.non_inferiority_margin,
        experiment_health.scenario_id,
        experiment_health.holdout_period,
        experiment_health.objective,
        experiment_health.untrusted_because,
        coalesce(
            others.withheld_because,
            baselines.withheld_because,
            case when baselines.variation_id is null then 'there are not two groups to compare' end
        ) as withheld_because,
        case when others.kind = 'return' then others.denominator_mean - baselines.denominator_mean end as cost_lift,
        others.people,
        baselines.people as base_people,
        least(others.people, baselines.people) as fewer_people,
        least(others.fewer_counted, baselines.fewer_counted) as fewer_counted,
        {%- for name in [
            'mean', 'variance', 'rate', 'lower_rate', 'upper_rate', 'lower_rate_one_sided', 'upper_rate_one_sided'
        ] %}
            case when experiment_health.is_trusted then others.{{ name }} end as {{ name }},
            case when experiment_health.is_trusted then baselines.{{ name }} end as base_{{ name }},
        {%- endfor %}
        others.covariate_mean - baselines.covariate_mean as covariate_lift,
        others.covariate_variance,
        baselines.covariate_variance as base_covariate_variance,
        others.covariance,
        baselines.covariance as base_covariance,
        others.people + baselines.people as all_people,
        others.main_sum + baselines.main_sum as main_sum,
        others.covariate_sum + baselines.covariate_sum as covariate_sum,
        others.covariate_sum_squares + baselines.covariate_sum_squares as covariate_sum_squares,
        others.main_covariate_sum_product + baselines.main_covariate_sum_product as main_covariate_sum_product,
        case when experiment_health.is_trusted then others.mean - baselines.mean end as lift,
        experiment_health.matured_share,
        experiment_health.is_trusted,
        periods.entry_days
    from others
    inner join experiment_health
        on others.experiment_id = experiment_health.experiment_id
    inner join periods
        on others.experiment_id = periods.experiment_id
    left join rates as baselines
        on
            others.experiment_id = baselines.experiment_id
            and others.slice_kind = baselines.slice_kind
            and others.slice = baselines.slice
            and others.metric_id = baselines.metric_id
            and baselines.is_baseline = (others.told_slice_kind <> 'as_before')
            and (baselines.is_baseline or baselines.variation_id = 'as_before')
    where
        others.told_slice_kind <> 'as_before'
        or baselines.variation_id is not null
),

slopes as (
    select
        *,
        nullif(base_mean, 0e0) as divisor,
        -- squares of what is the same for everybody add up to it but for the last digits
        coalesce(
            variance > 1e-12 * mean * mean or base_variance > 1e-12 * base_mean * base_mean, false
        ) as do_people_differ,
        {{ cuped_slope(
            '(' ~ sample_covariance('main_sum', 'covariate_sum', 'main_covariate_sum_product', 'all_people') ~ ')',
            '(' ~ sample_variance('covariate_sum', 'covariate_sum_squares', 'all_people') ~ ')',
        ) }} as slope
    from pairs
),

errors as (
    select
        *,
        lift - slope * covariate_lift as adjusted_lift,
        {{ standard_error('variance', 'people', 'base_variance', 'base_people') }} as standard_error,
        {{ relative_standard_error(
            'mean', 'variance', 'people', 'divisor', 'base_variance', 'base_people'
        ) }} as relative_standard_error,
        {{ standard_error(
            '(' ~ cuped_variance('variance', 'slope', 'covariate_variance', 'covariance') ~ ')',
            'people',
            '(' ~ cuped_variance('base_variance', 'slope', 'base_covariate_variance', 'base_covariance') ~ ')',
            'base_people',
        ) }} as adjusted_standard_error,
        {{ welch_degrees('variance', 'people', 'base_variance', 'base_people') }} as degrees
    from slopes
),

looked_at as (
    select
        *,
        -- where nobody differs there are no degrees to be few
        coalesce(
            fewer_people >= {{ least_people }} and (degrees >= {{ least_people }} or not do_people_differ), false
        ) as are_enough_people,
        coalesce(fewer_counted >= {{ least_counted }}, false) as are_enough_counted,
        coalesce(adjusted_lift, lift) as shown_lift,
        coalesce(adjusted_standard_error, standard_error) as shown_error,
        lift / nullif(standard_error, 0e0) as t_value,
        coalesce(adjusted_lift, lift) / nullif(coalesce(adjusted_standard_error, standard_error), 0e0) as shown_z,
        {{ student_quantile(z, 'degrees') }} as quantile,
        {{ student_quantile(z_one_sided, 'degrees') }} as one_sided_quantile,
        {{ always_valid_multiplier('all_people', setting('expected_entries')) }} as multiplier
    from errors
),

deviates as (
    select
        *,
        are_enough_people and are_enough_counted and do_people_differ as is_enough,
        -- Newcombe's interval holds for the rarest complaint
        case
            when kind = 'rate' then fewer_people >= {{ least_people }}
            else are_enough_people and are_enough_counted and do_people_differ
        end as is_enough_to_see_harm,
        {{ student_deviate('t_value', 'degrees') }} as deviate
    from looked_at
),

tested as (
    select
        *,
        case
            when kind = 'rate'
                then {{ newcombe_bound(
                    'rate', 'base_rate', 'lower_rate', 'upper_rate', 'base_lower_rate', 'base_upper_rate', '-'
                ) }}
            else lift - quantile * standard_error
        end as lower_lift,
        case
            when kind = 'rate'
                then {{ newcombe_bound(
                    'rate', 'base_rate', 'lower_rate', 'upper_rate', 'base_lower_rate', 'base_upper_rate', '+'
                ) }}
            else lift + quantile * standard_error
        end as upper_lift,
        case
            when kind = 'rate'
                then {{ newcombe_bound(
                    'rate', 'base_rate', 'lower_rate_one_sided', 'upper_rate_one_sided', 'base_lower_rate_one_sided',
                    'base_upper_rate_one_sided', '-',
                ) }}
            else lift - one_sided_quantile * standard_error
        end as lower_lift_one_sided,
        case
            when kind = 'rate'
                then {{ newcombe_bound(
                    'rate', 'base_rate', 'lower_rate_one_sided', 'upper_rate_one_sided', 'base_lower_rate_one_sided',
                    'base_upper_rate_one_sided', '+',
                ) }}
            else lift + one_sided_quantile * standard_error
        end as upper_lift_one_sided,
        2e0 * {{ normal_cdf('(-abs(deviate))') }} as p_value,
        shown_lift - multiplier * shown_error as always_valid_lower_lift,
        shown_lift + multiplier * shown_error as always_valid_upper_lift,
        {{ always_valid_p('shown_z', 'all_people', setting('expected_entries')) }} as always_valid_p,
        -- by the interval that the verdict rests on
        case
            when role = 'guardrail' then ({{ z_one_sided }} + {{ four_times_in_five }}) * standard_error
            else (multiplier + {{ four_times_in_five }}) * shown_error
        end as smallest_detectable_lift,
        -- people of both groups in whom the error would be the smallest relevant lift
        nullif(power(shown_error / smallest_relevant_lift, 2e0) * all_people, 0e0) as people_of_one_error,
        all_people as people_needed_0
    from deviates
),

-- how many standard errors wide the interval is depends on how many people there will be
{% for step in range(people_steps) -%}
    people_needed_{{ step + 1 }} as (
        select
            *,
            {{ people_needed(
                'people_needed_' ~ step, 'people_of_one_error', setting('expected_entries')
            ) }} as people_needed_{{ step + 1 }}
        from {{ 'tested' if step == 0 else 'people_needed_' ~ step }}
    ),

{% endfor -%}

-- a guardrail is no success that luck could bring
placed as (
    select
        *,
        row_number() over (
            partition by role, objective, metric_id, slice_kind, coalesce(holdout_period, 'variants')
            order by
                always_valid_p asc nulls last,
                experiment_id asc nulls last,
                variation_id asc nulls last,
                slice asc nulls last
        ) as place,
        count(always_valid_p) over (
            partition by role, objective, metric_id, slice_kind, coalesce(holdout_period, 'variants')
        ) as tests
    from people_needed_{{ people_steps }}
),

adjusted as (
    select
        *,
        case
            when role = 'objective'
                then {{ holm_p(
                    'always_valid_p', 'place', 'tests',
                    "role, objective, metric_id, slice_kind, coalesce(holdout_period, 'variants')",
                ) }}
        end as holm_p,
        case when direction > 0 then -upper_lift_one_sided else lower_lift_one_sided end as least_harm,
        case when direction > 0 then -lower_lift_one_sided else upper_lift_one_sided end as most_harm
    from placed
),

judged as (
    select
        *,
        case
            when not is_trusted then 'not trustworthy'
            when role = 'guardrail' and is_enough_to_see_harm and most_harm < non_inferiority_margin then 'no harm'
            when role = 'guardrail' and is_enough_to_see_harm and least_harm > non_inferiority_margin then 'harm'
            when role = 'guardrail' or not is_enough then 'not yet'
            when holm_p < 0.05 and shown_lift * direction > 0 then 'won'
            when holm_p < 0.05 then 'lost'
            when
                always_valid_lower_lift > -smallest_relevant_lift
                and always_valid_upper_lift < smallest_relevant_lift
                then 'no difference'
            else 'not yet'
        end as verdict,
        -- of those who have entered some are not counted yet: their window is open
        case
            when is_enough
                then
                    ceil(
                        {{ not_negative(
                            '(people_needed_' ~ people_steps ~ ' * matured_share / all_people - 1e0)'
                        ) }} * entry_days
                    )
        end as days_computed
    from adjusted
),

worded as (
    select
        *,
        -- a lift that is far too small to be found may take more days than can be counted
        cast(case when days_computed < 2147483647 then days_computed end as integer) as days_needed,
        -- it is not what one gets by subtracting the two means
        case
            when adjusted_lift is not null then 'The difference, what they bought before taken out,'
            else 'The difference'
        end as told_subject,
        {{ told_outcome('mean', ' %') }} as told_mean,
        {{ told_outcome('base_mean', ' %') }} as told_base_mean,
        {{ told_outcome('shown_lift', ' points') }} as told_lift,
        {{ told_outcome('always_valid_lower_lift', ' points') }} as told_lower,
        {{ told_outcome('always_valid_upper_lift', ' points') }} as told_upper,
        {{ told_outcome('smallest_relevant_lift', ' points') }} as told_target,
        {{ told_outcome('non_inferiority_margin', ' points') }} as told_margin,
        {{ told_outcome('most_harm', ' points') }} as told_most_harm
    from judged
),

sentences as (
    select
        *,
        case
            when verdict = 'not trustworthy'
                then {{ dbt.concat(["'Not to be trusted: '", 'untrusted_because', "'.'"]) }}
            when withheld_because is not null then {{ dbt.concat(["'Not known: '", 'withheld_because', "'.'"]) }}
            else {{ dbt.concat([
                "replace(variation_id, '_', ' ')", "' '", 'told_mean', "' ('",
                'cast(cast(people as bigint) as string)', "' people), '", "replace(baseline_id, '_', ' ')", "' '",
                'told_base_mean', "' ('", 'cast(cast(base_people as bigint) as string)', "'). '"
            ]) }}
        end as who,
        case
            when not is_trusted or lift is null then ''
            when verdict in ('won', 'lost')
                then {{ dbt.concat([
                    'told_subject', "' is '", 'told_lift', "', and lies between '", 'told_lower', "' and '",
                    'told_upper', "', however often one looks.'"
                ]) }}
            when verdict = 'no difference'
                then {{ dbt.concat(["'If there is a difference, it is smaller than '", 'told_target', "'.'"]) }}
            when verdict = 'no harm'
                then {{ dbt.concat([
                    "'It does no harm that matters: '", 'told_most_harm', "' at most, '", 'told_margin', "' is borne.'"
                ]) }}
            when verdict = 'harm'
                then {{ dbt.concat(["'It does more harm than the '", 'told_margin', "' that is borne.'"]) }}
            when role = 'guardrail' then 'Whether it does harm cannot be said yet.'
            when not are_enough_people then 'Too few people to say what the difference is.'
            when not are_enough_counted and kind = 'rate'
                then 'Too few of a group did, or did not, to say what the difference is.'
            when not are_enough_counted then 'Too few of a group have any to say what the difference is.'
            when not do_people_differ
                then 'Nobody differs from the others of a group, so that what is luck cannot be said.'
            when always_valid_p < 0.05
                then {{ dbt.concat([
                    'told_subject', "' is '", 'told_lift', "', which may be luck among '", 'cast(tests as string)',
                    "' comparisons of one objective.'"
                ]) }}
            -- a half-year that is over gets no more people
            when coalesce(days_needed, 0) > 0 and coalesce(holdout_period >= '{{ holdout_period_text() }}', true)
                then {{ dbt.concat([
                    'told_subject', "' may be anything from '", 'told_lower', "' to '", 'told_upper',
                    "': to find one of '", 'told_target', "' takes '", 'cast(days_needed as string)',
                    "' more days like those so far.'"
                ]) }}
            else {{ dbt.concat([
                'told_subject', "' may be anything from '", 'told_lower', "' to '", 'told_upper', "'.'"
            ]) }}
        end as what
    from worded
)

select
    experiment_id,
    variation_id,
    baseline_id,
    scenario_id,
    holdout_period,
    objective,
    slice_kind,
    slice,
    metric_id,
    metric_name,
    role,
    verdict,
    {{ dbt.concat(['metric_name', "': '", 'who', 'what']) }} as sentence,
    withheld_because,
    case
        when kind <> 'return' then null
        when not is_trusted then untrusted_because
        when withheld_because is not null then withheld_because
        when not are_enough_people or not are_enough_counted then 'there are too few people'
        when not do_people_differ then 'nobody differs from the others of a group'
        when cost_lift < 0 then 'the other group cost more'
        when cost_lift = 0 then 'the scenario cost nothing'
    end as no_return_because,
    cast(people as bigint) as users,
    cast(base_people as bigint) as baseline_users,
    mean,
    base_mean as baseline_mean,
    lift,
    lower_lift,
    upper_lift,
    case when kind <> 'ratio' then shown_lift * people end as total_lift,
    case when kind <> 'ratio' then always_valid_lower_lift * people end as lower_total_lift,
    case when kind <> 'ratio' then always_valid_upper_lift * people end as upper_total_lift,
    case when is_trusted then cost_lift end as cost_lift,
    case when cost_lift > 0 and is_enough then shown_lift / cost_lift end as return_on_costs,
    degrees,
    p_value,
    lift / abs(divisor) as relative_lift,
    lift / abs(divisor) - quantile * relative_standard_error as lower_relative_lift,
    lift / abs(divisor) + quantile * relative_standard_error as upper_relative_lift,
    adjusted_lift,
    adjusted_standard_error * adjusted_standard_error / nullif(standard_error * standard_error, 0e0) as variance_ratio,
    always_valid_lower_lift,
    always_valid_upper_lift,
    always_valid_p,
    holm_p,
    smallest_detectable_lift,
    days_needed,
    {{ as_of_date() }} as as_of_date
from sentences
