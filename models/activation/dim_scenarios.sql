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
    holdout_share,
    is_enabled,
    starts_date,
    ends_date
from scenarios
