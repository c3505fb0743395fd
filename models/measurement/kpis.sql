-- What others have published beside what this installation has measured, of all its history up to the as-of date.
-- Others count their own way: the definition is that of the figure here.
with

kpi_benchmarks as (
    select * from {{ ref('kpi_benchmarks') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

scenario_performance as (
    select * from {{ ref('scenario_performance') }}
),

customer_base as (
    select * from {{ ref('customer_base') }}
),

programme_value as (
    select * from {{ ref('programme_value') }}
),

newest_month as (
    select max(segment_month) as segment_month from customer_base
),

own_figures as (
    select
        'revisit_rate' as kpi_id,
        sum(mean * users) / sum(users) as own_figure
    from experiment_results
    where
        scenario_id = 'anti_attrition'
        and holdout_period is not null
        and variation_id = 'treated'
        and slice_kind = 'all'
        and metric_id = 'revisit_rate'
    union all
    {%- for channel in ['sms', 'email'] %}
        select
            'offers_used_by_{{ channel }}' as kpi_id,
            cast(sum(redeemed) as double) / nullif(sum(sent), 0) as own_figure
        from scenario_performance
        where
            channel = '{{ channel }}'
            and offer_type <> 'none'
        union all
    {%- endfor %}
    select
        'open_rate' as kpi_id,
        cast(sum(opened) as double) / nullif(sum(open_observed), 0) as own_figure
    from scenario_performance
    where channel = 'email'
    union all
    select
        'net_return' as kpi_id,
        -- of some of the half-years it would be another figure
        case
            when count(programme_net_return_amount) = count(*) then cast(sum(programme_net_return_amount) as double)
        end as own_figure
    from programme_value
    union all
    select
        'inactive_share' as kpi_id,
        max(customer_base.inactive_share) as own_figure
    from customer_base
    inner join newest_month on customer_base.segment_month = newest_month.segment_month
    where customer_base.slice_kind = 'all'
)

select
    kpi_benchmarks.kpi_id,
    kpi_benchmarks.kpi_name,
    kpi_benchmarks.definition,
    kpi_benchmarks.source,
    kpi_benchmarks.unit,
    case when own_figures.own_figure is null then kpi_benchmarks.unmeasured_because end as unmeasured_because,
    kpi_benchmarks.lowest,
    kpi_benchmarks.highest,
    own_figures.own_figure,
    {{ as_of_date() }} as as_of_date
from kpi_benchmarks
left join own_figures on kpi_benchmarks.kpi_id = own_figures.kpi_id
