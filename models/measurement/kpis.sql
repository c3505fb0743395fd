-- What others have published beside what this installation has measured, of all its history up to the as-of date.
-- Others count their own way: the definition is that of the figure here.
with

kpi_benchmarks as (
    select * from {{ ref('kpi_benchmarks') }}
),

kpi_months as (
    select * from {{ ref('kpi_months') }}
),

newest_month as (
    select max(kpi_month) as kpi_month from kpi_months
    where
        kpi_id = 'inactive_share'
        and own_figure is not null
),

-- a share of the base is that of its newest month; of some half-years the net return would be another figure
own_figures as (
    select
        kpi_months.kpi_id,
        case
            when kpi_months.is_sum and (kpi_months.kpi_id <> 'net_return' or count(kpi_months.counted) = count(*))
                then sum(kpi_months.counted)
            when not kpi_months.is_sum
                then sum(case when kpi_months.base is not null then kpi_months.counted end)
                    / nullif(sum(kpi_months.base), 0e0)
        end as own_figure,
        -- there were some, and they were few
        max(case
            when kpi_months.withheld_because <> kpi_benchmarks.unmeasured_because then kpi_months.withheld_because
        end) as withheld_because
    from kpi_months
    inner join kpi_benchmarks on kpi_months.kpi_id = kpi_benchmarks.kpi_id
    cross join newest_month
    where
        kpi_months.kpi_id <> 'inactive_share'
        or kpi_months.kpi_month = newest_month.kpi_month
    group by
        kpi_months.kpi_id,
        kpi_months.is_sum
)

select
    kpi_benchmarks.kpi_id,
    kpi_benchmarks.kpi_name,
    kpi_benchmarks.definition,
    kpi_benchmarks.source,
    kpi_benchmarks.unit,
    case
        when own_figures.own_figure is null
            then coalesce(own_figures.withheld_because, kpi_benchmarks.unmeasured_because)
    end as unmeasured_because,
    kpi_benchmarks.lowest,
    kpi_benchmarks.highest,
    own_figures.own_figure,
    {{ as_of_date() }} as as_of_date
from kpi_benchmarks
left join own_figures on kpi_benchmarks.kpi_id = own_figures.kpi_id
