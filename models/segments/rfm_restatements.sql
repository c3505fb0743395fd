{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(first_restated_month()) }}",
    )
}}

with

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_restated_month() }}
    {%- endif %}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_restated_month() }}
    {%- endif %}
),

published_months as (
    select segment_month
    from rfm_published
    group by segment_month
),

restated as (
    select rfm_monthly.*
    from rfm_monthly
    inner join published_months on rfm_monthly.segment_month = published_months.segment_month
),

compared as (
    select
        coalesce(rfm_published.profile_id, restated.profile_id) as profile_id,
        rfm_published.segment as published_segment,
        restated.segment as restated_segment,
        rfm_published.recency_days as published_recency_days,
        restated.recency_days as restated_recency_days,
        rfm_published.frequency as published_frequency,
        restated.frequency as restated_frequency,
        rfm_published.monetary_amount as published_monetary_amount,
        restated.monetary_amount as restated_monetary_amount,
        rfm_published.threshold_version as published_threshold_version,
        restated.threshold_version as restated_threshold_version,
        case
            when rfm_published.profile_id is null then 'not published'
            when restated.profile_id is null then 'no longer there'
            when rfm_published.segment <> restated.segment then 'other segment'
            else 'other values'
        end as difference,
        coalesce(rfm_published.segment_month, restated.segment_month) as segment_month
    from rfm_published
    full outer join restated
        on
            rfm_published.profile_id = restated.profile_id
            and rfm_published.segment_month = restated.segment_month
)

select
    profile_id,
    difference,
    published_segment,
    restated_segment,
    published_threshold_version,
    restated_threshold_version,
    published_recency_days,
    restated_recency_days,
    published_frequency,
    restated_frequency,
    published_monetary_amount,
    restated_monetary_amount,
    segment_month
from compared
where
    difference <> 'other values'
    or published_recency_days <> restated_recency_days
    or published_frequency <> restated_frequency
    or published_monetary_amount <> restated_monetary_amount
    or published_threshold_version <> restated_threshold_version
