-- Each question for an address that was missing, and whether it was answered. The message came to an address of the
-- other kind: whoever was asked by SMS had no e-mail that worked. An address is recovered when its owner may be written
-- to there, and could not before she was asked.
{{ config(access='protected') }}

with

scenario_decisions as (
    select * from {{ ref('scenario_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
),

address_permissions as (
    select * from {{ ref('address_permissions') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

channels as (
    select * from {{ ref('channels') }}
),

asking_scenarios as (
    select distinct
        scenarios.scenario_id,
        coalesce(scenarios.outcome_days, {{ setting('outcome_days') }}) as outcome_days
    from scenarios
    inner join scenario_moments
        on scenarios.scenario_id = scenario_moments.scenario_id
    where scenario_moments.moment = 'address_missing'
),

-- a reminder asks nobody anew
ranked_questions as (
    select
        scenario_decisions.scenario_id,
        scenario_decisions.profile_id,
        scenario_decisions.as_of_date as asked_date,
        asking_scenarios.outcome_days,
        case channels.address_kinds when 'email' then 'mobile' else 'email' end as asked_for,
        row_number() over (
            partition by scenario_decisions.scenario_id, scenario_decisions.profile_id, scenario_decisions.entry_key
            order by scenario_decisions.as_of_date asc nulls last, scenario_decisions.decision_id asc nulls last
        ) as place
    from scenario_decisions
    inner join asking_scenarios
        on scenario_decisions.scenario_id = asking_scenarios.scenario_id
    inner join channels
        on
            scenario_decisions.channel = channels.channel
            and channels.address_kinds in ('email', 'phone')
    left join decision_reports
        on scenario_decisions.decision_id = decision_reports.decision_id
    where
        scenario_decisions.outcome = 'selected'
        and not coalesce(decision_reports.is_not_sent, false)
),

questions as (
    select
        scenario_id,
        profile_id,
        asked_for,
        asked_date,
        {{ add_days('asked_date', 'outcome_days') }} as matured_date
    from ranked_questions
    where place = 1
),

openings as (
    select distinct
        address_permissions.profile_id,
        case channels.address_kinds when 'phone' then 'mobile' else 'email' end as address_kind,
        {{ local_date('address_permissions.valid_from') }} as opened_date
    from address_permissions
    inner join channels
        on
            address_permissions.channel = channels.channel
            and address_permissions.purpose = channels.purpose
            and channels.address_kinds in ('email', 'phone')
    where
        address_permissions.is_open
        and {{ happened_by('address_permissions.valid_from') }}
),

answers as (
    select distinct
        questions.scenario_id,
        questions.profile_id,
        questions.asked_for,
        questions.asked_date
    from questions
    inner join openings
        on
            questions.profile_id = openings.profile_id
            and questions.asked_for = openings.address_kind
            and openings.opened_date >= questions.asked_date
            and openings.opened_date <= questions.matured_date
)

select
    questions.scenario_id,
    questions.profile_id,
    questions.asked_for,
    answers.profile_id is not null as is_recovered,
    max(questions.matured_date) over (
        partition by questions.scenario_id, {{ month_start('questions.asked_date') }}
    ) < {{ as_of_date() }} as is_over,
    {{ month_start('questions.asked_date') }} as asked_month
from questions
left join answers
    on
        questions.scenario_id = answers.scenario_id
        and questions.profile_id = answers.profile_id
        and questions.asked_for = answers.asked_for
        and questions.asked_date = answers.asked_date
