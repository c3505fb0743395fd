-- Who is triggered: each scenario listens to the moments that its rows of scenario_moments name.
with

scenarios as (
    select *
    from {{ ref('scenarios') }}
    where is_enabled
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

moments as (
    select * from {{ ref('moments') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

scenario_offers as (
    select * from {{ ref('scenario_offers') }}
),

offer_choices as (
    select * from {{ ref('offer_choices') }}
),

matching_offers as (
    select * from {{ ref('matching_offers') }}
),

-- what happens once has its own date; what simply is so triggers once per period
periods as (
    {% for period, months in trigger_periods().items() -%}
        select
            '{{ period }}' as period,
            {{ period_start(months) }} as period_date
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

dated_moments as (
    select
        scenario_moments.scenario_id,
        moments.profile_id,
        moments.moment,
        coalesce(moments.moment_key, cast(periods.period_date as string)) as entry_key,
        coalesce(moments.moment_reference, cast(periods.period_date as string)) as trigger_reference,
        scenario_moments.reason_code,
        moments.reason_parameters,
        moments.personalisation,
        moments.subject,
        moments.moment_value,
        moments.expected_value_amount,
        scenarios.kind,
        scenarios.journey_days,
        -- what is so, and what falls due, holds in spite of all that happened before, which therefore stops nothing: it
        -- begins with the last second that the run sees, and whoever enters keeps that. What has a date and no hour
        -- begins a second before its day: an order of that day, known by its date alone, is read as its first instant
        case
            when moments.moment_date is null or scenario_moments.days_before is not null
                then {{ add_seconds(as_of_instant(), -1) }}
            else
                coalesce(
                    moments.moment_at,
                    {{ add_seconds(local_to_utc('cast(moments.moment_date as timestamp)'), -1) }}
                )
        end as triggered_at,
        coalesce(
            {{ add_days('moments.moment_date', '-coalesce(scenario_moments.days_before, 0)') }}, periods.period_date
        ) as triggered_date
    from moments
    inner join scenario_moments
        on
            moments.moment = scenario_moments.moment
            and (scenario_moments.subjects is null or {{ list_holds('scenario_moments.subjects', 'moments.subject') }})
            and (scenario_moments.at_least is null or moments.moment_value >= scenario_moments.at_least)
            and (scenario_moments.at_most is null or moments.moment_value <= scenario_moments.at_most)
    inner join scenarios
        on scenario_moments.scenario_id = scenarios.scenario_id
    left join periods
        on scenario_moments.period = periods.period
),

-- a list for ad platforms is drawn from those who allow that, and nobody else is written down for it
open_moments as (
    select dated_moments.*
    from dated_moments
    inner join profiles
        on dated_moments.profile_id = profiles.profile_id
    where
        dated_moments.triggered_date <= {{ as_of_date() }}
        and {{ is_open_trigger('dated_moments.triggered_date', 'dated_moments') }}
        and (dated_moments.kind <> 'media' or profiles.has_ads_consent)
),

-- Moments of two kinds may have one key, as a month or a day: the earlier is what the person enters for, so that her
-- journey stays about the same, and of one day the kind that sorts first. Two of one kind stay two, and the test of the
-- key sees them. Nobody looks where a scenario listens to one kind, as nearly all do.
scenarios_of_several_kinds as (
    select scenario_id
    from scenario_moments
    group by scenario_id
    having count(distinct moment) > 1
),

rival_moments as (
    select
        open_moments.scenario_id,
        open_moments.profile_id,
        open_moments.entry_key,
        open_moments.moment,
        first_value(open_moments.moment) over (
            partition by open_moments.scenario_id, open_moments.profile_id, open_moments.entry_key
            order by open_moments.triggered_date asc nulls last, open_moments.moment asc nulls last
        ) as first_moment
    from open_moments
    inner join scenarios_of_several_kinds
        on open_moments.scenario_id = scenarios_of_several_kinds.scenario_id
),

later_moments as (
    select distinct
        scenario_id,
        profile_id,
        entry_key,
        moment
    from rival_moments
    where moment <> first_moment
),

triggers as (
    select open_moments.*
    from open_moments
    left join later_moments
        on
            open_moments.scenario_id = later_moments.scenario_id
            and open_moments.profile_id = later_moments.profile_id
            and open_moments.entry_key = later_moments.entry_key
            and open_moments.moment = later_moments.moment
    where later_moments.moment is null
),

-- The row for the subject before the general one, then the highest value that it reaches. An offer that nobody could
-- give on the day of sending is none: the next row takes its place.
ranked_offers as (
    select
        triggers.scenario_id,
        triggers.profile_id,
        triggers.entry_key,
        scenario_offers.offer_type,
        scenario_offers.offer_rule,
        offer_choices.offer_id,
        offer_choices.offer_amount,
        row_number() over (
            partition by triggers.scenario_id, triggers.profile_id, triggers.entry_key
            order by
                case when scenario_offers.subject = '*' then 1 else 0 end asc nulls last,
                scenario_offers.from_value desc nulls last
        ) as place
    from triggers
    inner join scenario_offers
        on
            triggers.scenario_id = scenario_offers.scenario_id
            and scenario_offers.subject in (triggers.subject, '*')
            and (scenario_offers.from_value is null or triggers.moment_value >= scenario_offers.from_value)
    inner join offer_choices
        on
            scenario_offers.offer_type = offer_choices.offer_type
            and scenario_offers.offer_rule = offer_choices.offer_rule
),

offers as (
    select
        ranked_offers.scenario_id,
        ranked_offers.profile_id,
        ranked_offers.entry_key,
        ranked_offers.offer_type,
        coalesce(matching_offers.offer_id, ranked_offers.offer_id) as offer_id,
        case
            when matching_offers.offer_id is not null then matching_offers.offer_amount
            else ranked_offers.offer_amount
        end as offer_amount
    from ranked_offers
    left join matching_offers
        on
            {{ key_if("ranked_offers.offer_rule = 'best_match'", 'ranked_offers.profile_id') }}
            = matching_offers.profile_id
            and ranked_offers.offer_type = matching_offers.offer_type
    where ranked_offers.place = 1
)

select
    triggers.scenario_id,
    triggers.profile_id,
    triggers.entry_key,
    triggers.trigger_reference,
    triggers.reason_code,
    triggers.reason_parameters,
    offers.offer_type,
    offers.offer_id,
    triggers.personalisation,
    offers.offer_amount,
    triggers.expected_value_amount,
    triggers.triggered_date,
    triggers.triggered_at
from triggers
left join offers
    on
        triggers.scenario_id = offers.scenario_id
        and triggers.profile_id = offers.profile_id
        and triggers.entry_key = offers.entry_key
