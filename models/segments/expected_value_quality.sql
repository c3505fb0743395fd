-- What was foretold at the end of a month, with what had been fitted by then, against what came.
{%- set horizon = setting('clv_horizon_days') %}

with

profile_days as (
    select * from {{ ref('profile_days') }}
    where order_date >= {{ orders_complete_from() }}
),

months as (
    select * from {{ ref('dim_months') }}
),

clv_parameters as (
    select * from {{ source('landing', 'clv_parameters') }}
),

-- months of which every day foretold has passed
scored_months as (
    select
        months.segment_month,
        months.month_end_date,
        {{ add_days('months.month_end_date', horizon) }} as last_date,
        clv_parameters.segment_month as fitted_month,
        clv_parameters.r,
        clv_parameters.alpha_days,
        clv_parameters.a,
        clv_parameters.b,
        clv_parameters.p,
        clv_parameters.q,
        clv_parameters.v
    from months
    inner join clv_parameters on months.segment_month = clv_parameters.segment_month
    where
        clv_parameters.refused_because is null
        and clv_parameters.clv_model = '{{ setting('clv_model') }}'
        and {{ add_days('months.month_end_date', horizon) }} < {{ as_of_date() }}
),

{{ purchase_histories() }},

{{ scored_customers() }},

outcomes as (
    select
        profile_days.profile_id,
        scored_months.segment_month,
        sum(case when profile_days.orders > 0 then 1 else 0 end) as purchases,
        sum(profile_days.net_amount) as net_amount
    from profile_days
    inner join scored_months
        on
            profile_days.order_date > scored_months.month_end_date
            and profile_days.order_date <= scored_months.last_date
    group by
        profile_days.profile_id,
        scored_months.segment_month
),

compared as (
    select
        scored_customers.*,
        coalesce(outcomes.purchases, 0) as purchases,
        coalesce(outcomes.net_amount, 0) as net_amount,
        1 + cast(floor(
            cast(10 as double)
            * (
                rank() over (
                    partition by scored_customers.segment_month
                    order by
                        round(scored_customers.expected_purchases * scored_customers.purchase_amount, 2) asc nulls last
                ) - 1
            )
            / count(*) over (partition by scored_customers.segment_month)
        ) as integer) as decile
    from scored_customers
    left join outcomes
        on
            scored_customers.profile_id = outcomes.profile_id
            and scored_customers.segment_month = outcomes.segment_month
)

select
    decile,
    count(*) as profiles,
    sum(expected_purchases) as expected_purchases,
    cast(sum(purchases) as bigint) as purchases,
    cast(round(sum(expected_purchases * purchase_amount), 2) as decimal(18, 2)) as expected_value_amount,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    sum(no_purchase_probability) as expected_silent_profiles,
    cast(sum(case when purchases = 0 then 1 else 0 end) as bigint) as silent_profiles,
    segment_month
from compared
group by
    decile,
    segment_month
