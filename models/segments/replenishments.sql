with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

replenishment_intervals as (
    select * from {{ ref('replenishment_intervals') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

rules as (
    {{- taste_rules() -}}
),

cut_dates as (
    select {{ as_of_date() }} as cut_date
),

{{ foretold_replenishments() }},

said as (
    select
        foretold.*,
        case
            when profiling_denials.profile_id is not null then 'profiling_denied'
            when foretold.interval_source is null then 'too_few_purchases'
        end as no_interval_reason
    from foretold
    left join profiling_denials on foretold.profile_id = profiling_denials.profile_id
)

select
    profile_id,
    category,
    product_id,
    case when no_interval_reason is null then interval_source end as interval_source,
    no_interval_reason,
    case when no_interval_reason is null then interval_days end as interval_days,
    case
        when no_interval_reason is not null then null
        when interval_source = 'own' then cast(own_gaps as bigint)
        when interval_source = 'category' then cast(tellers as bigint)
    end as observations,
    cast(own_gaps as bigint) as own_gaps,
    last_purchase_date,
    case when no_interval_reason is null then runs_out_date end as runs_out_date
from said
