-- What a customer is worth and how likely she stays away, published with the RFM segments of the month and, like them,
-- never rewritten: what was said once can be told again.
{%- set hysteresis = 'cast(' ~ (1 - setting('clv_hysteresis')) ~ ' as decimal(5, 4))' -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        meta={'kept': true},
    )
}}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

months as (
    select * from {{ ref('dim_months') }}
),

return_rates as (
    select * from {{ ref('return_rates') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

clv_cuts as (
    select * from {{ ref('clv_cuts') }}
    where sector = '{{ setting("rfm_sector") }}'
),

newest_month as (
    select
        segment_month,
        month_end_date,
        data_start_date,
        {{ add_days('month_end_date', -setting('clv_period_days')) }} as period_begins_after,
        month_end_date >= {{ add_days('data_start_date', setting('clv_period_days')) }} as is_period_full
    from months
    where
        segment_month = {{ newest_closed_month() }}
        and {{ is_not_kept_yet('segment_month') }}
),

-- a month that the brake holds back has no rows in rfm_published, hence none here
standing as (
    select
        rfm_published.profile_id,
        rfm_published.recency_days,
        newest_month.segment_month,
        newest_month.month_end_date,
        newest_month.data_start_date,
        newest_month.period_begins_after,
        newest_month.is_period_full
    from rfm_published
    inner join newest_month on rfm_published.segment_month = newest_month.segment_month
),

purchases as (
    select
        profile_days.profile_id,
        min(case when profile_days.orders > 0 then profile_days.order_date end) as first_order_date,
        max(case when profile_days.orders > 0 then profile_days.order_date end) as last_order_date,
        sum(
            case when profile_days.order_date > newest_month.period_begins_after then profile_days.net_amount else 0 end
        ) as spend_amount,
        sum(
            case
                when
                    profile_days.orders > 0
                    and profile_days.order_date
                    > {{ add_days('newest_month.month_end_date', -return_window_days()) }}
                    then 1
                else 0
            end
        ) as order_days
    from profile_days
    inner join newest_month on profile_days.order_date <= newest_month.month_end_date
    group by profile_days.profile_id
),

-- the newest cuts that are valid in the month
cuts_in_force as (
    select max(clv_cuts.valid_from_month) as valid_from_month
    from clv_cuts
    inner join newest_month on clv_cuts.valid_from_month <= newest_month.segment_month
),

cuts as (
    select
        max(clv_cuts.threshold_version) as threshold_version,
        max(case when clv_cuts.spend_cluster = 'high' then clv_cuts.min_amount end) as min_high_amount,
        max(case when clv_cuts.spend_cluster = 'medium' then clv_cuts.min_amount end) as min_medium_amount
    from clv_cuts
    inner join cuts_in_force on clv_cuts.valid_from_month = cuts_in_force.valid_from_month
),

month_before as (
    {% if is_incremental() -%}
        select
            earlier.profile_id,
            earlier.spend_cluster,
            earlier.previous_cluster,
            earlier.threshold_version
        from {{ this }} as earlier
        inner join newest_month
            on earlier.segment_month = {{ add_months('newest_month.segment_month', -1) }}
    {%- else -%}
        select
            profile_id,
            cast(null as string) as spend_cluster,
            cast(null as string) as previous_cluster,
            cast(null as string) as threshold_version
        from rfm_published
        where false
    {%- endif %}
),

measured as (
    select
        standing.profile_id,
        standing.segment_month,
        standing.recency_days,
        standing.is_period_full,
        cuts.threshold_version,
        month_before.spend_cluster as cluster_before,
        month_before.previous_cluster as previous_cluster_before,
        cast(coalesce(purchases.order_days, 0) as integer) as order_days,
        cast(coalesce(purchases.spend_amount, 0) as decimal(18, 2)) as spend_amount,
        standing.recency_days < {{ setting('clv_period_days') }} as has_bought_in_period,
        coalesce(purchases.last_order_date >= standing.segment_month, false) as has_bought_in_month,
        -- the rates are those of customers whose orders are all known
        coalesce(purchases.last_order_date < standing.data_start_date, false) as is_of_archive_only,
        -- whoever is new to the data in its first period may only be new to the data
        purchases.first_order_date > standing.period_begins_after
        and purchases.first_order_date > {{ add_days('standing.data_start_date', setting('clv_period_days')) }}
            as is_new,
        -- a cluster is left downwards only well below its cut: whoever spends about as much as it says would change
        -- to and fro. Other cuts begin anew.
        cuts.min_high_amount
        * case
            when month_before.threshold_version = cuts.threshold_version and month_before.spend_cluster = 'high'
                then {{ hysteresis }}
            else 1
        end as min_high_amount,
        cuts.min_medium_amount
        * case
            when
                month_before.threshold_version = cuts.threshold_version
                and month_before.spend_cluster in ('high', 'medium')
                then {{ hysteresis }}
            else 1
        end as min_medium_amount
    from standing
    cross join cuts
    left join purchases on standing.profile_id = purchases.profile_id
    left join month_before on standing.profile_id = month_before.profile_id
),

clustered as (
    select
        measured.*,
        case
            when not is_period_full or threshold_version is null then null
            when not has_bought_in_period then 'inactive'
            when is_new then 'new'
            when spend_amount >= min_high_amount then 'high'
            when spend_amount >= min_medium_amount then 'medium'
            else 'low'
        end as spend_cluster
    from measured
),

rates as (
    select
        {% for days in return_horizons() -%}
            max(case when return_rates.horizon_days = {{ days }} then return_rates.silent_probability end)
                as silent_{{ days }}_probability,
        {% endfor -%}
        return_rates.min_recency_days,
        return_rates.next_min_recency_days,
        return_rates.min_order_days,
        return_rates.next_min_order_days
    from return_rates
    inner join newest_month on return_rates.segment_month = newest_month.segment_month
    group by
        return_rates.min_recency_days,
        return_rates.next_min_recency_days,
        return_rates.min_order_days,
        return_rates.next_min_order_days
),

rated as (
    select
        clustered.*,
        rates.silent_28_probability,
        rates.silent_91_probability,
        case
            when profiling_denials.profile_id is not null then 'profiling_denied'
            when clustered.is_of_archive_only then 'of_archive_only'
            when rates.silent_28_probability is null then 'not_learned'
            -- what comes of a longer time is known later
            when rates.silent_91_probability is null then 'not_learned_for_91_days'
        end as no_probability_reason
    from clustered
    left join profiling_denials on clustered.profile_id = profiling_denials.profile_id
    -- nothing is foretold of whoever denied it
    left join rates
        on
            profiling_denials.profile_id is null
            and not clustered.is_of_archive_only
            and clustered.recency_days >= rates.min_recency_days
            and (rates.next_min_recency_days is null or clustered.recency_days < rates.next_min_recency_days)
            and clustered.order_days >= rates.min_order_days
            and (rates.next_min_order_days is null or clustered.order_days < rates.next_min_order_days)
)

select
    profile_id,
    spend_cluster,
    case when spend_cluster = cluster_before then previous_cluster_before else cluster_before end as previous_cluster,
    threshold_version,
    order_days,
    {{ setting('clv_period_days') }} as clv_period_days,
    spend_amount,
    silent_28_probability,
    silent_91_probability,
    no_probability_reason,
    cast({{ setting('at_risk_probability') }} as double) as at_risk_probability,
    case
        when silent_91_probability is not null
            then silent_91_probability >= {{ setting('at_risk_probability') }} and has_bought_in_period
    end as is_at_risk_of_inactive,
    -- whoever is inactive no more because the setting is another, or because an order came late, has not come back
    coalesce(cluster_before = 'inactive' and spend_cluster <> 'inactive', false) and has_bought_in_month
        as has_returned,
    coalesce(is_new, false) as is_new,
    segment_month,
    {{ as_of_date() }} as published_as_of_date
from rated
