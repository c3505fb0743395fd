-- Can a comparison be trusted at all? Looked at before its result: a lift between groups that are not alike is no lift.
{%- set covariates = measures_before() %}

with

scenario_outcomes as (
    select * from {{ ref('scenario_outcomes') }}
),

crossovers as (
    select * from {{ ref('crossovers') }}
),

groups as (
    select
        experiment_id,
        variation_id,
        scenario_id,
        holdout_period,
        objective,
        is_baseline,
        max(expected_share) as expected_share,
        sum(case when has_changed_shares then 1 else 0 end) as people_of_changed_shares,
        cast(count(*) as double) as people,
        cast(sum(case when is_mature then 1 else 0 end) as double) as mature_people,
        {%- for covariate in covariates %}
            cast(sum(cast({{ covariate }} as decimal(18,6))) as double) as {{ covariate }}_sum,
            cast(sum(cast({{ covariate }} as decimal(19,6)) * cast({{ covariate }} as decimal(18,6))) as double)
                as {{ covariate }}_sum_squares,
        {%- endfor %}
        min(assigned_date) as first_assigned_date,
        max(assigned_date) as last_assigned_date
    from scenario_outcomes
    where is_first
    group by
        experiment_id,
        variation_id,
        scenario_id,
        holdout_period,
        objective,
        is_baseline
),

expected as (
    select
        *,
        expected_share * sum(people) over (partition by experiment_id) as expected_people
    from groups
),

-- a group that nobody is in has no row: whom it should have is missing from the sum
experiments as (
    select
        experiment_id,
        scenario_id,
        holdout_period,
        objective,
        sum(people) as people,
        sum(mature_people) as mature_people,
        sum(power(people - expected_people, 2e0) / nullif(expected_people, 0e0))
        + (sum(people) - sum(expected_people)) as chi_squared,
        sum(case when expected_people = 0 then 1 else 0 end) as groups_of_nobody,
        sum(people_of_changed_shares) as people_of_changed_shares,
        count(*) - case when sum(people) - sum(expected_people) > 0.001 then 0 else 1 end as degrees,
        min(first_assigned_date) as first_assigned_date,
        max(last_assigned_date) as last_assigned_date
    from expected
    group by
        experiment_id,
        scenario_id,
        holdout_period,
        objective
),

-- what was so before anybody was drawn must be alike in all groups
before_entry as (
    {% for covariate in covariates -%}
        select
            experiment_id,
            variation_id,
            '{{ covariate }}' as covariate,
            is_baseline,
            people as users,
            {{ covariate }}_sum / people as mean,
            {{ sample_variance(covariate ~ '_sum', covariate ~ '_sum_squares', 'people') }} as variance
        from groups
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

compared as (
    select
        others.experiment_id,
        (others.mean - baselines.mean) / nullif(
            {{ standard_error('others.variance', 'others.users', 'baselines.variance', 'baselines.users') }}, 0e0
        ) as t_value,
        {{ welch_degrees('others.variance', 'others.users', 'baselines.variance', 'baselines.users') }} as degrees
    from before_entry as others
    inner join before_entry as baselines
        on
            others.experiment_id = baselines.experiment_id
            and others.covariate = baselines.covariate
            and baselines.is_baseline
    where not others.is_baseline
),

deviates as (
    select
        experiment_id,
        {{ student_deviate('t_value', 'degrees') }} as deviate
    from compared
),

-- the more is compared, the more differs by chance: Bonferroni
imbalances as (
    select
        experiment_id,
        least(1e0, count(*) * min(2e0 * {{ normal_cdf('(-abs(deviate))') }})) as imbalance_p
    from deviates
    where deviate is not null
    group by experiment_id
),

changed_sides as (
    select
        scenario_id,
        holdout_period,
        count(*) as people
    from crossovers
    where scenario_id <> '*'
    group by
        scenario_id,
        holdout_period
),

people_of_variants as (
    select
        experiment_id,
        profile_id,
        count(distinct variation_id) as variations
    from scenario_outcomes
    where holdout_period is null
    group by
        experiment_id,
        profile_id
),

changed_variants as (
    select
        experiment_id,
        count(*) as people
    from people_of_variants
    where variations > 1
    group by experiment_id
),

-- of a few people nothing is told, and nothing of theirs is shown that could be hidden
judged as (
    select
        experiments.*,
        coalesce(changed_sides.people, changed_variants.people, 0) as crossovers,
        {{ withheld_because('experiments.people') }} as withheld_because,
        -- whoever is in a group that nobody was to be drawn into did not get there by the draw
        {{ unless_withheld('experiments.people', 'case when experiments.groups_of_nobody > 0 then 0e0 else '
            ~ chi_squared_tail('experiments.chi_squared', 'experiments.degrees') ~ ' end') }} as sample_ratio_p,
        {{ unless_withheld('experiments.people', 'imbalances.imbalance_p') }} as imbalance_p
    from experiments
    left join imbalances
        on experiments.experiment_id = imbalances.experiment_id
    left join changed_sides
        on
            experiments.scenario_id = changed_sides.scenario_id
            and experiments.holdout_period = changed_sides.holdout_period
    left join changed_variants
        on experiments.experiment_id = changed_variants.experiment_id
)

select
    experiment_id,
    scenario_id,
    holdout_period,
    objective,
    case
        when sample_ratio_p < 0.001 then 'the groups are not as large as they were drawn'
    end as untrusted_because,
    case
        when sample_ratio_p < 0.05 then 'sample_ratio'
        when imbalance_p < 0.05 then 'imbalance'
        when withheld_because is null and people_of_changed_shares > 0 then 'shares_changed'
    end as warning,
    withheld_because,
    cast({{ unless_withheld('people', 'people') }} as bigint) as people,
    cast({{ unless_withheld('people', 'crossovers') }} as bigint) as crossovers,
    {{ unless_withheld('people', 'cast(chi_squared as double)') }} as sample_ratio_chi_squared,
    cast(sample_ratio_p as double) as sample_ratio_p,
    cast(imbalance_p as double) as imbalance_p,
    {{ unless_withheld('people', 'mature_people / people') }} as matured_share,
    coalesce(sample_ratio_p >= 0.001, true) as is_trusted,
    first_assigned_date,
    last_assigned_date
from judged
