-- What was said of each comparison, and from which date on: a row is added when something else is said than before, and
-- none is taken back. Reports and orders that come late change a result openly.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        partition_by='published_date',
        pre_hook="{{ replace_months_from(as_of_date()) }}",
        meta={'kept': true},
    )
}}

with

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

said_before as (
    {% if is_incremental() -%}
        select
            experiment_id,
            slice_kind,
            slice,
            metric_id,
            variation_id,
            verdict,
            sentence,
            published_date
        from {{ this }}
        where published_date < {{ as_of_date() }}
    {%- else -%}
        select
            experiment_id,
            slice_kind,
            slice,
            metric_id,
            variation_id,
            verdict,
            sentence,
            as_of_date as published_date
        from experiment_results
        where false
    {%- endif %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by
                experiment_id,
                slice_kind,
                slice,
                metric_id,
                variation_id
            order by published_date desc nulls last
        ) as place
    from said_before
),

newest as (
    select * from ranked
    where place = 1
)

select
    experiment_results.experiment_id,
    experiment_results.slice_kind,
    experiment_results.slice,
    experiment_results.metric_id,
    experiment_results.variation_id,
    experiment_results.baseline_id,
    experiment_results.scenario_id,
    experiment_results.verdict,
    newest.verdict as earlier_verdict,
    experiment_results.sentence,
    experiment_results.users,
    experiment_results.baseline_users,
    coalesce(experiment_results.adjusted_lift, experiment_results.lift) as lift,
    experiment_results.always_valid_lower_lift as lower_lift,
    experiment_results.always_valid_upper_lift as upper_lift,
    experiment_results.holm_p,
    {{ as_of_date() }} as published_date
from experiment_results
left join newest
    on
        experiment_results.experiment_id = newest.experiment_id
        and experiment_results.slice_kind = newest.slice_kind
        and experiment_results.slice = newest.slice
        and experiment_results.metric_id = newest.metric_id
        and experiment_results.variation_id = newest.variation_id
where newest.sentence is null or newest.sentence <> experiment_results.sentence
