-- Why in, why not, for whoever reads the published file: the kept decisions under the ids of today, without what the
-- evidence says. A message or a coupon of ours names its decision, and so its scenario, step and arm. They are no
-- columns of the star: that is built before anything is decided.
with

decisions as (
    select * from {{ ref('decisions') }}
),

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
)

select
    decisions.decision_id,
    profile_heirs.profile_id,
    decisions.scenario_id,
    decisions.entry_key,
    decisions.step,
    decisions.outcome,
    coalesce(decisions.closed_gate, 'selected') as closed_gate,
    decisions.arm,
    decisions.channel,
    decisions.variant,
    scenario_entries.reason_code,
    decisions.offer_type,
    decisions.offer_id,
    decisions.offer_amount,
    decisions.channel_cost_amount,
    {% for gate in gates() -%}
        decisions.is_{{ gate }},
    {% endfor -%}
    decisions.as_of_date,
    decisions.send_date
from decisions
inner join profile_heirs
    on
        decisions.profile_id = profile_heirs.remembered_id
        and (profile_heirs.until_date is null or decisions.as_of_date < profile_heirs.until_date)
left join scenario_entries
    on
        decisions.scenario_id = scenario_entries.scenario_id
        and decisions.profile_id = scenario_entries.profile_id
        and decisions.entry_key = scenario_entries.entry_key
