{%- set months_of_a_fit = 2 * setting('clv_fit_months') %}

with

all_profile_days as (
    select * from {{ ref('profile_days') }}
),

profile_days as (
    select *
    from all_profile_days
    where order_date >= {{ orders_complete_from() }}
),

months as (
    select * from {{ ref('dim_months') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

clv_parameters as (
    select * from {{ source('landing', 'clv_parameters') }}
),

-- only what was known at the month end, and not too long ago
newest_fit as (
    select max(segment_month) as segment_month
    from clv_parameters
    where
        refused_because is null
        and segment_month <= {{ newest_closed_month() }}
        and segment_month >= {{ add_months(newest_closed_month(), -months_of_a_fit) }}
),

fits as (
    select clv_parameters.*
    from clv_parameters
    inner join newest_fit on clv_parameters.segment_month = newest_fit.segment_month
    where clv_parameters.clv_model = '{{ setting('clv_model') }}'
),

fit_counts as (
    select
        count(*) as fits,
        count(refused_because) as refusals
    from clv_parameters
),

scored_months as (
    select
        months.segment_month,
        months.month_end_date,
        fits.segment_month as fitted_month,
        fits.r,
        fits.alpha_days,
        fits.a,
        fits.b,
        fits.p,
        fits.q,
        fits.v
    from months
    left join fits on months.segment_month >= fits.segment_month
    where months.segment_month = {{ newest_closed_month() }}
),

{{ purchase_histories() }},

{{ scored_customers() }},

-- who bought before every order is known, and not since: nothing is expected of them, and that is said
archive_buyers as (
    select distinct
        all_profile_days.profile_id,
        scored_months.segment_month
    from all_profile_days
    inner join scored_months on all_profile_days.order_date <= scored_months.month_end_date
    {{ anti_join() }} scored_customers on all_profile_days.profile_id = scored_customers.profile_id
    where
        all_profile_days.orders > 0
        and all_profile_days.order_date < {{ orders_complete_from() }}
),

customers as (
    select
        profile_id,
        segment_month,
        fitted_month,
        repeat_purchases,
        expected_purchases,
        purchase_amount,
        no_purchase_probability,
        p_alive,
        false as is_of_archive_only
    from scored_customers
    union all
    select
        profile_id,
        segment_month,
        cast(null as date) as fitted_month,
        cast(null as integer) as repeat_purchases,
        cast(null as double) as expected_purchases,
        cast(null as double) as purchase_amount,
        cast(null as double) as no_purchase_probability,
        cast(null as double) as p_alive,
        true as is_of_archive_only
    from archive_buyers
),

reasoned as (
    select
        customers.*,
        case
            when '{{ setting('clv_model') }}' = 'none' then 'switched_off'
            when profiling_denials.profile_id is not null then 'profiling_denied'
            when customers.is_of_archive_only then 'of_archive_only'
            when customers.fitted_month is not null then null
            when fit_counts.fits = 0 then 'not_fitted'
            when fit_counts.refusals = fit_counts.fits then 'fit_refused'
            else 'fit_too_old'
        end as no_value_reason
    from customers
    cross join fit_counts
    left join profiling_denials on customers.profile_id = profiling_denials.profile_id
),

valued as (
    select
        *,
        cast(round(expected_purchases * purchase_amount, 2) as decimal(18, 2)) as expected_value_amount
    from reasoned
    where no_value_reason is null
),

-- equal values share a decile
ranked as (
    select
        *,
        1 + cast(floor(
            cast(10 as double) * (rank() over (order by expected_value_amount asc nulls last) - 1) / count(*) over ()
        ) as integer) as decile
    from valued
)

select
    reasoned.profile_id,
    reasoned.no_value_reason,
    reasoned.repeat_purchases,
    ranked.decile,
    ranked.expected_purchases,
    cast(round(ranked.purchase_amount, 2) as decimal(18, 2)) as expected_purchase_amount,
    ranked.expected_value_amount,
    ranked.no_purchase_probability,
    ranked.p_alive,
    reasoned.segment_month,
    ranked.fitted_month
from reasoned
left join ranked on reasoned.profile_id = ranked.profile_id
