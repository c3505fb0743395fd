-- What was published stays published: a month enters once, only if newer, and no late data, merge or full refresh
-- rewrites it.
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

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

months as (
    select * from {{ ref('dim_months') }}
),

publication_check as (
    select * from {{ ref('publication_check') }}
),

newest_month as (
    select
        months.segment_month,
        months.is_warm_up
    from months
    inner join publication_check on months.segment_month = publication_check.segment_month
    where
        publication_check.is_publishable
        and {{ is_not_kept_yet('months.segment_month') }}
)

select
    rfm_monthly.profile_id,
    rfm_monthly.segment,
    rfm_monthly.threshold_version,
    rfm_monthly.recency_days,
    rfm_monthly.frequency,
    rfm_monthly.monetary_amount,
    rfm_monthly.r_score,
    rfm_monthly.f_score,
    rfm_monthly.m_score,
    rfm_monthly.fm_score,
    rfm_monthly.rung,
    newest_month.is_warm_up,
    rfm_monthly.segment_month,
    {{ as_of_date() }} as published_as_of_date
from rfm_monthly
inner join newest_month on rfm_monthly.segment_month = newest_month.segment_month
