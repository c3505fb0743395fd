-- Who came back since a campaign began: the spend cluster at the entry beside the one of the newest published month,
-- for each group that was drawn. Those held out say how many would have come back anyway: not where the groups cannot
-- be compared.
with

scenario_outcomes as (
    select * from {{ ref('scenario_outcomes') }}
),

value_published as (
    select * from {{ ref('value_published') }}
),

experiment_health as (
    select * from {{ ref('experiment_health') }}
),

newest_month as (
    select max(segment_month) as segment_month from value_published
),

-- whoever entered since the newest month has no later one to be compared with
entries as (
    select
        scenario_outcomes.experiment_id,
        scenario_outcomes.profile_id,
        scenario_outcomes.variation_id,
        scenario_outcomes.scenario_id,
        scenario_outcomes.holdout_period,
        {{ add_months(month_start('scenario_outcomes.assigned_date'), -1) }} as month_before_entry,
        newest_month.segment_month
    from scenario_outcomes
    cross join newest_month
    where
        scenario_outcomes.is_first
        and scenario_outcomes.holdout_period is not null
        and {{ add_months(month_start('scenario_outcomes.assigned_date'), -1) }} < newest_month.segment_month
),

returns as (
    select
        entries.experiment_id,
        entries.variation_id,
        entries.scenario_id,
        entries.holdout_period,
        coalesce(clusters_at_entry.spend_cluster, 'none') as cluster_at_entry,
        count(*) as people,
        sum(case when clusters_now.spend_cluster <> 'inactive' then 1 else 0 end) as not_inactive_now,
        entries.segment_month
    from entries
    left join value_published as clusters_at_entry
        on
            entries.profile_id = clusters_at_entry.profile_id
            and entries.month_before_entry = clusters_at_entry.segment_month
    left join value_published as clusters_now
        on
            entries.profile_id = clusters_now.profile_id
            and entries.segment_month = clusters_now.segment_month
    group by
        entries.experiment_id,
        entries.variation_id,
        entries.scenario_id,
        entries.holdout_period,
        coalesce(clusters_at_entry.spend_cluster, 'none'),
        entries.segment_month
),

judged as (
    select
        returns.*,
        coalesce({{ withheld_because('returns.people') }}, experiment_health.untrusted_because) as withheld_because
    from returns
    left join experiment_health
        on returns.experiment_id = experiment_health.experiment_id
)

select
    experiment_id,
    variation_id,
    scenario_id,
    holdout_period,
    cluster_at_entry,
    withheld_because,
    {%- for name in ['people', 'not_inactive_now'] %}
        cast(case when withheld_because is null then {{ name }} end as bigint) as {{ name }},
    {%- endfor %}
    case when withheld_because is null then cast(not_inactive_now as double) / people end as not_inactive_share,
    segment_month
from judged
