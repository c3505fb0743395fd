-- Over the whole ledger: a step of an entry is decided for good once; nobody gets two messages on one date; every due
-- step of the as-of date has a row; whoever is selected is in an entry that is treated.
with

decisions as (
    select * from {{ ref('decisions') }}
),

entries as (
    select * from {{ ref('scenario_entries') }}
),

due_steps as (
    select * from {{ ref('due_steps') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
),

decided_twice as (
    select
        min(decision_id) as decision_id,
        'decided twice' as problem
    from decisions
    where outcome <> 'deferred'
    group by
        scenario_id,
        profile_id,
        entry_key,
        step
    having count(*) > 1
),

two_messages_on_one_date as (
    select
        min(decision_id) as decision_id,
        'two messages on one date' as problem
    from decisions
    where
        outcome = 'selected'
        and channel <> 'ads'
    group by
        profile_id,
        send_date
    having count(*) > 1
),

forgotten_steps as (
    select
        due_steps.step as decision_id,
        'a due step without a decision' as problem
    from due_steps
    left join decisions
        on
            due_steps.scenario_id = decisions.scenario_id
            and due_steps.profile_id = decisions.profile_id
            and due_steps.entry_key = decisions.entry_key
            and due_steps.step = decisions.step
            and decisions.as_of_date = {{ as_of_date() }}
    where
        decisions.decision_id is null
        and not exists (select 1 from {{ ref('decision_differences') }})
),

strangers as (
    select
        decisions.decision_id,
        'selected without an entry that is treated' as problem
    from decisions
    left join entries
        on
            decisions.scenario_id = entries.scenario_id
            and decisions.profile_id = entries.profile_id
            and decisions.entry_key = entries.entry_key
            and entries.arm = 'treated'
    -- whoever took over another profile may act on an entry under the id of that time
    left join profile_merges
        on decisions.profile_id = profile_merges.new_profile_id
    where
        decisions.outcome = 'selected'
        and entries.entry_key is null
        and profile_merges.new_profile_id is null
)

select * from decided_twice
union all
select * from two_messages_on_one_date
union all
select * from forgotten_steps
union all
select * from strangers
