-- What all scenarios together are worth: some people are written to by none of them, drawn among all who were known
-- when the half-year began, whether or not they would ever have entered anything. Everybody else is the other group,
-- also whoever a single scenario holds out. The sum of the scenarios' lifts says something else: one may take from
-- another, and most people enter none.
{%- set z = '1.959963984540054e0' %}

with

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

profiles as (
    select * from {{ ref('profiles') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

half_years as (
    select
        holdout_period,
        cast({{ dbt.concat([
            'substring(holdout_period, 1, 4)',
            "case when substring(holdout_period, 6, 1) = '1' then '-01-01' else '-07-01' end"
        ]) }} as date) as first_date
    from scenario_entries
    group by holdout_period
),

begun as (
    select
        holdout_period,
        first_date,
        {{ add_months('first_date', 6) }} as end_date
    from half_years
    where first_date < {{ as_of_date() }}
),

people as (
    select
        begun.holdout_period,
        begun.first_date,
        begun.end_date,
        profiles.profile_id,
        {{ hash_bucket(dbt.concat([
            "'" ~ setting('global_holdout_salt') ~ "|'", 'begun.holdout_period', "'|'", 'profiles.profile_id'
        ])) }} < {{ setting('global_holdout_share') }} * 10000 as is_held_out
    from begun
    inner join profiles
        on profiles.created_date < begun.first_date
),

sales as (
    select
        people.holdout_period,
        people.profile_id,
        people.is_held_out,
        coalesce(sum(profile_days.net_amount), 0) as net_sales
    from people
    left join profile_days
        on
            people.profile_id = profile_days.profile_id
            and profile_days.order_date >= people.first_date
            and profile_days.order_date < people.end_date
            and profile_days.order_date < {{ as_of_date() }}
    group by
        people.holdout_period,
        people.profile_id,
        people.is_held_out
),

groups as (
    select
        holdout_period,
        is_held_out,
        cast(count(*) as double) as people,
        cast(sum(net_sales) as double) as main_sum,
        cast(sum(cast(net_sales as decimal(19,2)) * net_sales) as double) as main_sum_squares
    from sales
    group by
        holdout_period,
        is_held_out
),

described as (
    select
        *,
        main_sum / people as mean,
        {{ sample_variance('main_sum', 'main_sum_squares', 'people') }} as variance
    from groups
    where people >= {{ setting('min_group_size') }}
),

pairs as (
    select
        half_years.holdout_period,
        written.people,
        held_out.people as base_people,
        written.mean,
        held_out.mean as base_mean,
        written.mean - held_out.mean as lift,
        {{ standard_error('written.variance', 'written.people', 'held_out.variance', 'held_out.people') }}
            as standard_error,
        {{ welch_degrees('written.variance', 'written.people', 'held_out.variance', 'held_out.people') }} as degrees
    from begun as half_years
    left join described as written
        on
            half_years.holdout_period = written.holdout_period
            and not written.is_held_out
    left join described as held_out
        on
            half_years.holdout_period = held_out.holdout_period
            and held_out.is_held_out
),

tested as (
    select
        *,
        {{ student_quantile(z, 'degrees') }} * standard_error as half_width,
        lift / nullif(standard_error, 0e0) as t_value
    from pairs
),

deviates as (
    select
        *,
        {{ student_deviate('t_value', 'degrees') }} as deviate
    from tested
),

scenario_lifts as (
    select
        holdout_period,
        sum(lift * users) as net_sales
    from experiment_results
    where
        metric_id = 'net_sales'
        and slice_kind = 'all'
        and holdout_period is not null
    group by holdout_period
)

select
    deviates.holdout_period,
    case
        when deviates.lift is null then 'fewer than {{ setting('min_group_size') }} people are written to by nobody'
    end as withheld_because,
    cast(deviates.people as bigint) as users,
    cast(deviates.base_people as bigint) as held_out_users,
    deviates.mean as net_sales,
    deviates.base_mean as held_out_net_sales,
    deviates.lift,
    deviates.lift - deviates.half_width as lower_lift,
    deviates.lift + deviates.half_width as upper_lift,
    2e0 * {{ normal_cdf('(-abs(deviates.deviate))') }} as p_value,
    cast(round(deviates.lift * deviates.people, 2) as decimal(18,2)) as programme_net_amount,
    cast(round((deviates.lift - deviates.half_width) * deviates.people, 2) as decimal(18,2))
        as lower_programme_net_amount,
    cast(round((deviates.lift + deviates.half_width) * deviates.people, 2) as decimal(18,2))
        as upper_programme_net_amount,
    cast(round(scenario_lifts.net_sales, 2) as decimal(18,2)) as scenario_lifts_net_amount,
    {{ as_of_date() }} as as_of_date
from deviates
left join scenario_lifts
    on deviates.holdout_period = scenario_lifts.holdout_period
