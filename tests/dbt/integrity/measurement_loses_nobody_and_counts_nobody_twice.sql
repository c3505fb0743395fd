-- Who entered is in one group of one experiment, each person is analysed at most once there, and parts add up to the
-- whole.
with

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

experiment_assignments as (
    select * from {{ ref('experiment_assignments') }}
),

scenario_outcomes as (
    select * from {{ ref('scenario_outcomes') }}
),

experiment_statistics as (
    select * from {{ ref('experiment_statistics') }}
),

lost_entries as (
    select 'an entry is in no experiment' as problem
    from scenario_entries
    inner join scenarios
        on scenario_entries.scenario_id = scenarios.scenario_id
    inner join gate_applicability
        on
            scenarios.kind = gate_applicability.kind
            and gate_applicability.gate = 'not_held_out'
            and gate_applicability.is_applied
    inner join profile_heirs
        on
            scenario_entries.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or scenario_entries.entered_date < profile_heirs.until_date)
    left join experiment_assignments
        on
            scenario_entries.scenario_id = experiment_assignments.scenario_id
            and scenario_entries.holdout_period = experiment_assignments.holdout_period
            and scenario_entries.entry_key = experiment_assignments.entry_key
            and profile_heirs.profile_id = experiment_assignments.profile_id
    where experiment_assignments.experiment_id is null
),

analysed as (
    select
        experiment_id,
        variation_id,
        count(*) as entries,
        count(distinct profile_id) as people
    from scenario_outcomes
    where is_analysed
    group by
        experiment_id,
        variation_id
),

twice as (
    select 'somebody is analysed twice' as problem
    from scenario_outcomes
    where is_analysed
    group by
        experiment_id,
        profile_id
    having count(*) > 1
),

wholes as (
    select
        experiment_statistics.experiment_id,
        experiment_statistics.variation_id,
        experiment_statistics.metric_id,
        experiment_statistics.users,
        experiment_statistics.main_sum,
        analysed.entries
    from experiment_statistics
    left join analysed
        on
            experiment_statistics.experiment_id = analysed.experiment_id
            and experiment_statistics.variation_id = analysed.variation_id
    where experiment_statistics.slice_kind = 'all'
),

miscounted as (
    select 'statistics count others than were analysed' as problem
    from wholes
    where coalesce(entries <> users, entries is null)
),

parts as (
    select
        experiment_id,
        variation_id,
        metric_id,
        slice_kind,
        sum(users) as users,
        sum(main_sum) as main_sum
    from experiment_statistics
    where slice_kind <> 'all'
    group by
        experiment_id,
        variation_id,
        metric_id,
        slice_kind
    having count(*) = count(users)
),

unequal as (
    select 'parts do not add up to the whole' as problem
    from parts
    inner join wholes
        on
            parts.experiment_id = wholes.experiment_id
            and parts.variation_id = wholes.variation_id
            and parts.metric_id = wholes.metric_id
    where
        parts.users <> wholes.users
        or abs(parts.main_sum - wholes.main_sum) > 0.0001
)

select * from lost_entries
union all
select * from twice
union all
select * from miscounted
union all
select * from unequal
