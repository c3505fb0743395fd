-- Questions that the published file answers itself, for any date whose decisions are kept. Made by scripts/rekindle/run/catalogue.py.

create macro why_in(profile, scenario, on_date) as table
select
    decisions.step,
    decisions.channel,
    decisions.variant,
    decisions.reason_code,
    decisions.offer_type,
    decisions.offer_id,
    decisions.offer_amount,
    decisions.entry_key,
    decisions.decision_id,
    decisions.as_of_date,
    decisions.send_date
from measurement.scenario_decisions as decisions
where
    decisions.profile_id = profile
    and decisions.scenario_id = scenario
    and decisions.as_of_date = cast(on_date as date)
    and decisions.outcome = 'selected'
order by decisions.send_date, decisions.entry_key, decisions.step;

comment on macro table why_in is
'The steps of the scenario that no gate stopped for the person on that date, each with its channel, reason and offer: a message that goes out, or, on the channel ads or on none, a list that takes her in and nobody is written to. No row: ask why_not.';

create macro why_not(profile, scenario, on_date) as table
with

decisions as (
    select * from measurement.scenario_decisions
    where as_of_date = cast(on_date as date)
),

due as (
    select * from decisions
    where profile_id = profile and scenario_id = scenario
),

told as (
    select
        due.step,
        due.entry_key,
        due.outcome,
        due.closed_gate,
        gates.gate_label,
        case
            when due.outcome = 'selected' and scenarios.kind = 'hygiene'
                then 'every gate was passed: is put on the list, and nobody is written to'
            when due.outcome = 'selected' and scenarios.kind = 'media'
                then 'every gate was passed: is put on the list for ads, and nobody is written to'
            else gates.description
        end as meaning,
        due.arm,
        due.as_of_date
    from due
    inner join activation.dim_gates as gates on due.closed_gate = gates.closed_gate
    left join activation.dim_scenarios as scenarios on due.scenario_id = scenarios.scenario_id
    union all
    select
        null as step,
        null as entry_key,
        'not due' as outcome,
        null as closed_gate,
        null as gate_label,
        case
            when not exists (select 1 from activation.dim_scenarios where scenario_id = scenario)
                then 'there is no scenario of this name'
            when not exists (select 1 from core.profiles where profile_id = profile)
                then 'nobody has this profile_id today'
            when not exists (select 1 from decisions)
                then 'nothing was decided on that date, or it is kept no more'
            else 'no step of the scenario was due for the person on that date'
        end as meaning,
        null as arm,
        cast(on_date as date) as as_of_date
    where not exists (select 1 from due)
)

select * from told
order by entry_key, step;

comment on macro table why_not is
'What came of each step of the scenario that was due for the person on that date: the gate that closed and what that means, or selected. A row that is not due says why there is none.';

create macro audience_diff(scenario, date_a, date_b) as table
with

decisions as (
    select
        decisions.profile_id,
        decisions.outcome = 'selected' as is_in,
        gates.gate_label,
        decisions.as_of_date
    from measurement.scenario_decisions as decisions
    inner join activation.dim_gates as gates on decisions.closed_gate = gates.closed_gate
    where decisions.scenario_id = scenario and decisions.as_of_date in (cast(date_a as date), cast(date_b as date))
),

people as (
    select
        profile_id,
        bool_or(is_in and as_of_date = cast(date_a as date)) as was_in,
        bool_or(is_in and as_of_date = cast(date_b as date)) as is_in,
        min(gate_label) filter (where not is_in and as_of_date = cast(date_b as date)) as gate_label
    from decisions
    group by profile_id
)

select
    profile_id,
    case when was_in and is_in then 'stayed' when is_in then 'joined' else 'left' end as change,
    case when not is_in then coalesce(gate_label, 'not due') end as left_because
from people
where was_in or is_in
order by change, profile_id;

comment on macro table audience_diff is
'Whom the scenario wrote to, or put on its list, on either date: stayed (on both), joined (on the second only) or left (on the first only), and what stopped those who left.';

create macro segment_of(profile, in_month) as table
select
    published.profile_id,
    published.segment,
    segments.segment_name,
    segments.segment_group,
    published.rung,
    moves.from_segment,
    moves.direction,
    published.recency_days,
    published.frequency,
    published.monetary_amount,
    published.segment_month
from segments.rfm_published as published
inner join segments.dim_segments as segments on published.segment = segments.segment
left join segments.segment_moves as moves
    on published.profile_id = moves.profile_id and published.segment_month = moves.segment_month
where published.profile_id = profile and published.segment_month = date_trunc('month', cast(in_month as date));

comment on macro table segment_of is
'The RFM segment of the person as published for the month that the date lies in, whence she came, and the figures behind it. No row: not a customer yet, or the month is not published.';
