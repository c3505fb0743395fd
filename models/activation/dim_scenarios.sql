with

scenarios as (
    select * from {{ ref('scenarios') }}
)

select
    scenario_id,
    scenario_name,
    plan,
    objective,
    kind,
    trigger_kind,
    channels,
    purpose,
    recurrence,
    owner,
    stops_on,
    priority,
    cooldown_days,
    entry_window_days,
    journey_days,
    message_limit,
    coalesce(outcome_days, {{ setting('outcome_days') }}) as outcome_days,
    holdout_share,
    is_enabled,
    starts_date,
    ends_date
from scenarios
