with

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_readiness as (
    select * from {{ ref('scenario_readiness') }}
),

-- Of each kind of data one column will do: who has no phones writes e-mails, who has no web shop counts orders as
-- signs. Without what makes it personal a message only says less.
missing_kinds as (
    select
        scenario_id,
        data_kind
    from scenario_readiness
    where data_kind <> 'personalisation'
    group by
        scenario_id,
        data_kind
    having max(case when is_ready then 1 else 0 end) = 0
),

missing_columns as (
    select distinct
        scenario_readiness.scenario_id,
        scenario_readiness.contract_column
    from scenario_readiness
    inner join missing_kinds
        on
            scenario_readiness.scenario_id = missing_kinds.scenario_id
            and scenario_readiness.data_kind = missing_kinds.data_kind
),

missing as (
    select
        scenario_id,
        {{ sorted_list('contract_column') }} as missing_data
    from missing_columns
    group by scenario_id
)

select
    scenarios.scenario_id,
    scenarios.scenario_name,
    scenarios.plan,
    scenarios.objective,
    scenarios.kind,
    scenarios.trigger_kind,
    scenarios.channels,
    scenarios.purpose,
    scenarios.recurrence,
    scenarios.owner,
    scenarios.stops_on,
    missing.missing_data,
    scenarios.priority,
    scenarios.cooldown_days,
    scenarios.entry_window_days,
    scenarios.journey_days,
    scenarios.message_limit,
    coalesce(scenarios.outcome_days, {{ setting('outcome_days') }}) as outcome_days,
    scenarios.max_entries_per_day,
    scenarios.max_running,
    scenarios.holdout_share,
    scenarios.as_before_share,
    scenarios.is_enabled,
    scenarios.starts_date,
    scenarios.ends_date
from scenarios
left join missing
    on scenarios.scenario_id = missing.scenario_id
