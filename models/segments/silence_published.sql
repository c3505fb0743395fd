-- Who is silent, since when and by which criterion, what is to be done about it, and how likely she comes back: a row
-- for whoever is not simply active, written with the RFM segments of the month and never rewritten.
{%- set kept_from = add_months('tiers.month_end_date', '-' ~ setting('tier_to_delete_months')) -%}
{%- set with_opens = setting('opens_count_as_contact') -%}
{%- set counted_contact = 'signs.last_contact_or_open_date' if with_opens else 'signs.last_contact_date' -%}
{%- set counted = 'silent_with_opens_aged_date' if with_opens else 'silent_aged_date' -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        meta={'kept': true},
    )
}}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

profiles as (
    select * from {{ ref('profiles') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

loyalty_movements as (
    select * from {{ ref('fct_loyalty_movements') }}
),

last_opens as (
    select * from {{ ref('last_opens') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

observed_sources as (
    select * from {{ ref('observed_sources') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

inactive_type_actions as (
    select * from {{ ref('inactive_type_actions') }}
),

contactable_times as (
    select * from {{ ref('contactable_times') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

-- what was decided up to the last run: decisions come after the segments
past_decisions as (
    select * from {{ source('memory', 'decisions') }}
),

scores as (
    select *
    from {{ ref('silence_scores') }}
    where score = 'reactivation'
),

quality as (
    select *
    from {{ ref('silence_score_quality') }}
    where score = 'reactivation'
),

criteria as (
    {{- inactivity_criteria_rows() -}}
),

-- a month that the brake holds back has no rows in rfm_published, hence none here
newest_month as (
    select
        max(segment_month) as segment_month,
        {{ month_end('max(segment_month)') }} as month_end_date,
        {{ local_to_utc(published_at('max(segment_month)')) }} as ended_at
    from rfm_published
    where
        segment_month = {{ newest_closed_month() }}
        and {{ is_not_kept_yet('segment_month') }}
),

standing as (
    select
        profiles.profile_id,
        profiles.created_date,
        newest_month.segment_month,
        newest_month.month_end_date
    from profiles
    inner join newest_month on profiles.created_date <= newest_month.month_end_date
),

signs as (
    select
        interactions.profile_id,
        max(case when interactions.is_from_person then interactions.occurred_date end) as last_contact_date,
        max(
            case
                when interactions.is_from_person or interactions.interaction_kind = 'open'
                    then interactions.occurred_date
            end
        ) as last_contact_or_open_date,
        max(case when interactions.interaction_kind = 'order' then interactions.occurred_date end)
            as last_purchase_date,
        max(case when interactions.interaction_kind = 'click' then interactions.occurred_date end) as last_click_date,
        max(case when interactions.interaction_kind = 'open' then interactions.occurred_date end) as last_open_date,
        max(
            case
                when interactions.interaction_kind in ({{ "'click', 'open'" if with_opens else "'click'" }})
                    then interactions.occurred_at
            end
        ) as last_response_at,
        max(
            case
                when interactions.is_from_person and interactions.interaction_kind <> 'click'
                    then interactions.occurred_date
            end
        ) as last_contact_elsewhere_date
    from interactions
    inner join newest_month on interactions.occurred_date <= newest_month.month_end_date
    group by interactions.profile_id
),

-- since when there is something to be silent on
observed as (
    select
        min(case when is_from_person then observed_from_date end) as contact_from_date,
        min(case when interaction_kind = 'order' then observed_from_date end) as purchase_from_date
    from observed_sources
),

movements as (
    select
        loyalty_movements.profile_id,
        max(loyalty_movements.occurred_date) as last_movement_date
    from loyalty_movements
    inner join newest_month on loyalty_movements.occurred_date <= newest_month.month_end_date
    group by loyalty_movements.profile_id
),

-- Signs of life of the month itself: whoever is active by another setting, or by what came late, has not come back.
-- Nor has whoever shows up in a source by which nobody was silent yet: it may be the source that is new, not her visit.
returned as (
    select distinct interactions.profile_id
    from interactions
    inner join newest_month
        on
            interactions.occurred_date >= newest_month.segment_month
            and interactions.occurred_date <= newest_month.month_end_date
    inner join observed_sources
        on
            interactions.interaction_kind = observed_sources.interaction_kind
            and interactions.channel = observed_sources.channel
    where
        (interactions.is_from_person{{ " or interactions.interaction_kind = 'open'" if with_opens }})
        and {{ can_be_returned_to('observed_sources.observed_from_date', 'newest_month.segment_month') }}
),

-- a soft bounce may have been followed by a delivery; of a channel that reports none, all that did not bounce arrived
arrived as (
    select messages.*
    from messages
    inner join newest_month on messages.sent_date <= newest_month.month_end_date
    where
        messages.first_not_sent_at is null
        and messages.first_bounced_hard_at is null
        and (messages.first_bounced_soft_at is null or messages.first_delivered_at is not null)
),

-- messages that she got and of which something may be known: whether she answered, or only that she read
received as (
    select
        profile_id,
        message_id,
        {{ 'true' if with_opens else 'is_click_observed' }} as is_answer_observed,
        sent_at,
        sent_date
    from arrived
    where is_click_observed or is_open_observed
),

unanswered as (
    select
        received.profile_id,
        received.sent_date,
        row_number() over (
            partition by received.profile_id
            order by received.sent_at asc nulls last, received.message_id asc nulls last
        ) as place
    from received
    left join signs on received.profile_id = signs.profile_id
    where
        received.is_answer_observed
        and (signs.last_response_at is null or received.sent_at > signs.last_response_at)
),

no_response as (
    select
        unanswered.profile_id,
        max(unanswered.sent_date) as due_date
    from unanswered
    inner join criteria
        on criteria.criterion = 'no_response' and unanswered.place = criteria.threshold
    group by unanswered.profile_id
),

receivers as (
    select
        profile_id,
        max(case when is_answer_observed then 1 else 0 end) = 1 as is_answer_observed
    from received
    group by profile_id
),

-- from where each criterion counts its days, and since when it can
starts as (
    select
        standing.profile_id,
        'no_purchase' as criterion,
        greatest(coalesce(signs.last_purchase_date, standing.created_date), observed.purchase_from_date)
            as start_date,
        observed.purchase_from_date as observed_from_date
    from standing
    cross join observed
    left join signs on standing.profile_id = signs.profile_id
    union all
    select
        standing.profile_id,
        'no_contact' as criterion,
        greatest(
            coalesce({{ counted_contact }}, standing.created_date),
            observed.contact_from_date
        ) as start_date,
        observed.contact_from_date as observed_from_date
    from standing
    cross join observed
    left join signs on standing.profile_id = signs.profile_id
    union all
    select
        profile_id,
        'loyalty_unchanged' as criterion,
        last_movement_date as start_date,
        last_movement_date as observed_from_date
    from movements
),

-- A threshold of days counts days on which nothing was closed. What is not recorded for as long says nothing of
-- anybody, and messages whose answers nobody can see say nothing of whoever got them.
due as (
    select
        starts.profile_id,
        starts.criterion,
        coalesce(due_days.calendar_date, {{ add_days('starts.start_date', 'criteria.threshold') }}) as due_date
    from starts
    inner join criteria on starts.criterion = criteria.criterion
    left join open_days as start_days on starts.start_date = start_days.calendar_date
    left join open_days as due_days
        on
            start_days.open_day_number + criteria.threshold = due_days.open_day_number
            and not due_days.is_closed
    cross join newest_month
    where {{ add_days('starts.observed_from_date', 'criteria.threshold') }} <= newest_month.month_end_date
    union all
    select
        receivers.profile_id,
        'no_response' as criterion,
        no_response.due_date
    from receivers
    inner join criteria on criteria.criterion = 'no_response'
    left join no_response on receivers.profile_id = no_response.profile_id
    where receivers.is_answer_observed
),

held as (
    select
        due.profile_id,
        {% for criterion in ['no_purchase', 'no_response', 'loyalty_unchanged', 'no_contact'] -%}
            max(
                case
                    when due.criterion = '{{ criterion }}' and due.due_date <= newest_month.month_end_date
                        then due.due_date
                end
            ) as {{ criterion }}_date,
        {% endfor %}
        case
            when
                sum(case when due.due_date <= newest_month.month_end_date then 0 else 1 end) = 0
                then max(due.due_date)
        end as inactive_since_date
    from due
    cross join newest_month
    group by due.profile_id
),

-- nobody is silent for a time in which no sign of life was recorded; where none is recorded at all, nobody is
contacts as (
    select
        standing.profile_id,
        standing.created_date,
        standing.segment_month,
        standing.month_end_date,
        signs.last_contact_date,
        signs.last_contact_or_open_date,
        signs.last_purchase_date,
        signs.last_click_date,
        signs.last_open_date,
        signs.last_contact_elsewhere_date,
        greatest(
            coalesce(signs.last_contact_date, standing.created_date),
            coalesce(observed.contact_from_date, standing.month_end_date)
        ) as silent_from_date,
        greatest(
            coalesce(signs.last_contact_or_open_date, standing.created_date),
            coalesce(observed.contact_from_date, standing.month_end_date)
        ) as silent_with_opens_from_date
    from standing
    cross join observed
    left join signs on standing.profile_id = signs.profile_id
),

-- days on which all was closed are put off: as if the last sign of life were so much younger
aged as (
    select
        contacts.*,
    {% for silence in ['silent', 'silent_with_opens'] -%}
            {{ add_days(
                'contacts.' ~ silence ~ '_from_date',
                'coalesce(' ~ days_between('contacts.' ~ silence ~ '_from_date', 'contacts.month_end_date')
                ~ ' - (month_end_days.open_day_number - ' ~ silence ~ '_days.open_day_number), 0)'
            ) }} as {{ silence }}_aged_date{{ ',' if not loop.last }}
    {% endfor %}
    from contacts
    left join open_days as month_end_days on contacts.month_end_date = month_end_days.calendar_date
    left join open_days as silent_days on contacts.silent_from_date = silent_days.calendar_date
    left join open_days as silent_with_opens_days
        on contacts.silent_with_opens_from_date = silent_with_opens_days.calendar_date
),

tiers as (
    select
        aged.*,
        aged.{{ counted }} as counted_date,
        {{ engagement_tier('aged.' ~ counted, 'aged.month_end_date') }} as engagement_tier,
        {{ engagement_tier('aged.silent_aged_date', 'aged.month_end_date') }} as tier_without_opens,
        {{ engagement_tier('aged.silent_with_opens_aged_date', 'aged.month_end_date') }} as tier_with_opens
    from aged
),

-- whoever asks silent people what they would like to hear asks them whether they want to hear at all
asking_scenarios as (
    select distinct
        scenarios.scenario_id,
        scenarios.channels
    from scenarios
    inner join scenario_moments on scenarios.scenario_id = scenario_moments.scenario_id
    where
        scenarios.is_enabled
        and scenario_moments.moment = 'preference_unknown'
        and (scenario_moments.subjects is null or {{ list_holds('scenario_moments.subjects', "'silent'") }})
),

askable as (
    select distinct contactable_times.profile_id
    from contactable_times
    inner join newest_month
        on {{ is_valid_at(
            'newest_month.ended_at', 'contactable_times.contactable_from', 'contactable_times.contactable_to'
        ) }}
    inner join asking_scenarios
        on {{ list_holds('asking_scenarios.channels', 'contactable_times.channel') }}
),

-- A question that reached her since her silence would have her deleted. Its answer is a form, which is seen whatever
-- may be known of opens and clicks: now her silence says something.
asked as (
    select
        arrived.profile_id,
        min(arrived.sent_date) as asked_date
    from arrived
    inner join past_decisions on arrived.decision_id = past_decisions.decision_id
    inner join asking_scenarios on past_decisions.scenario_id = asking_scenarios.scenario_id
    inner join tiers on arrived.profile_id = tiers.profile_id
    where arrived.sent_date >= {{ add_months('tiers.counted_date', setting('tier_to_delete_months')) }}
    group by arrived.profile_id
),

month_before as (
    {% if is_incremental() -%}
        select
            earlier.profile_id,
            earlier.engagement_tier
        from {{ this }} as earlier
        inner join newest_month
            on earlier.segment_month = {{ add_months('newest_month.segment_month', -1) }}
    {%- else -%}
        select
            profile_id,
            cast(null as string) as engagement_tier
        from rfm_published
        where false
    {%- endif %}
),

described as (
    select
        tiers.*,
        held.no_purchase_date,
        held.no_response_date,
        held.loyalty_unchanged_date,
        held.no_contact_date,
        held.inactive_since_date,
        coalesce(month_before.engagement_tier <> 'active' and tiers.engagement_tier = 'active', false)
        and returned.profile_id is not null as has_returned,
        -- something of her is known, or would be: of whoever never showed a sign all messages came into a silence
        tiers.last_contact_date is not null or receivers.profile_id is not null as is_observable,
        askable.profile_id is not null as is_askable,
        asked.asked_date,
        coalesce(
            last_opens.last_open_date > {{ kept_from }},
            false
        ) as is_reader,
        case when tiers.last_purchase_date is null then 'non_buyer' else 'buyer' end as buyer,
        case
            when tiers.last_click_date is not null then 'clicker'
            when tiers.last_open_date is not null then 'opener'
            else 'silent'
        end as reaction,
        case
            when
                tiers.last_contact_elsewhere_date
                > {{ add_months('tiers.month_end_date', '-' ~ setting('tier_dormant_months')) }}
                then 'active_elsewhere'
            else 'inactive'
        end as activity,
        case
            when tiers.created_date > {{ add_months('tiers.month_end_date', -12) }} then 'under_1_year'
            when tiers.created_date > {{ add_months('tiers.month_end_date', -36) }} then '1_to_3_years'
            else 'over_3_years'
        end as known_for
    from tiers
    left join held on tiers.profile_id = held.profile_id
    left join receivers on tiers.profile_id = receivers.profile_id
    left join last_opens on tiers.profile_id = last_opens.profile_id
    left join askable on tiers.profile_id = askable.profile_id
    left join asked on tiers.profile_id = asked.profile_id
    left join month_before on tiers.profile_id = month_before.profile_id
    left join returned on tiers.profile_id = returned.profile_id
),

not_simply_active as (
    select *
    from described
    where
        (engagement_tier <> 'active' or no_response_date is not null or has_returned)
        and {{ planned_once() }}
),

ranked_actions as (
    select
        not_simply_active.profile_id,
        inactive_type_actions.recommended_action,
        row_number() over (
            partition by not_simply_active.profile_id
            order by inactive_type_actions.priority asc nulls last
        ) as place
    from not_simply_active
    inner join inactive_type_actions
        on
            inactive_type_actions.buyer in (not_simply_active.buyer, '*')
            and inactive_type_actions.reaction in (not_simply_active.reaction, '*')
            and inactive_type_actions.activity in (not_simply_active.activity, '*')
            and inactive_type_actions.known_for in (not_simply_active.known_for, '*')
    where not not_simply_active.has_returned
),

-- what came of the newest month whose half year has passed
worth as (
    {{- newest_score_quality('quality') -}}
),

-- what those who came back spent in the half year, buyers and others apart, while purchases were recorded
spent_after as (
    select
        scores.orders > 0 as is_buyer,
        cast(sum(scores.net_amount_after) as double) / count(*) as mean_amount
    from scores
    cross join observed
    where scores.has_returned and observed.purchase_from_date <= scores.month_end_date
    group by scores.orders > 0
),

scored as (
    select
        scores.profile_id,
        scores.opens_contribution,
        scores.silence_contribution,
        scores.orders_contribution,
        scores.value_contribution,
        scores.base_contribution + coalesce(worth.log_odds_shift, 0) as base_contribution,
        scores.messages_before,
        {{ no_score_reason('worth.score_auc') }} as no_score_reason,
        {{ told_likelihood('scores.log_odds', 'worth.log_odds_shift') }} as return_probability,
        coalesce(spent_after.mean_amount, 0) as spent_amount
    from scores
    inner join newest_month on scores.segment_month = newest_month.segment_month
    cross join worth
    left join spent_after on (scores.orders > 0) = spent_after.is_buyer
),

judged as (
    select
        not_simply_active.*,
        ranked_actions.recommended_action,
        scored.opens_contribution,
        scored.silence_contribution,
        scored.orders_contribution,
        scored.value_contribution,
        scored.base_contribution,
        scored.messages_before,
        case when scored.no_score_reason is null then scored.return_probability end as reactivation_score,
        case
            when
                greatest(not_simply_active.last_contact_date, not_simply_active.created_date)
                > {{ add_days('not_simply_active.month_end_date', -365) }}
                then 'not_silent'
            when denials.profile_id is not null then 'profiling_denied'
            -- where nobody could be scored, nobody is left out
            when worth.score_auc is null then 'not_learned'
            when scored.profile_id is null then 'not_reachable'
            else scored.no_score_reason
        end as no_score_reason,
        case
            when scored.no_score_reason is null
                then
                    cast(
                        scored.return_probability * scored.spent_amount * {{ setting('reactivation_margin_rate') }}
                        - {{ setting('reactivation_cost') }}
                        as decimal(18, 2)
                    )
        end as expected_return_amount,
        case
            when not_simply_active.engagement_tier <> 'to_delete' then null
            when not_simply_active.is_reader then 'reads'
            when
                not not_simply_active.is_observable
                and not_simply_active.is_askable
                and not_simply_active.asked_date is null
                then 'needs_last_question'
        end as purge_hold_reason
    from not_simply_active
    cross join worth
    left join ranked_actions on not_simply_active.profile_id = ranked_actions.profile_id and ranked_actions.place = 1
    left join scored on not_simply_active.profile_id = scored.profile_id
    left join denials on not_simply_active.profile_id = denials.profile_id
)

select
    profile_id,
    engagement_tier,
    tier_without_opens,
    tier_with_opens,
    '{{ tier_rules_text() }}' as tier_rules,
    case when not has_returned then {{ joined_by_bars(['buyer', 'reaction', 'activity']) }} end as inactive_type,
    case when not has_returned then known_for end as known_for,
    case
        when purge_hold_reason = 'needs_last_question' then 'last_question'
        else recommended_action
    end as recommended_action,
    purge_hold_reason,
    no_score_reason,
    reactivation_score,
    {%- for name in [
        'base_contribution', 'opens_contribution', 'silence_contribution', 'orders_contribution', 'value_contribution',
        'messages_before', 'expected_return_amount'
    ] %}
        case when reactivation_score is not null then {{ name }} end as {{ name }},
    {%- endfor %}
    case when reactivation_score is not null then expected_return_amount > 0 end as is_worth_reactivating,
    is_observable,
    coalesce(purge_hold_reason = 'needs_last_question', false) as is_last_question_due,
    has_returned,
    last_contact_date,
    last_contact_or_open_date,
    no_purchase_date,
    no_response_date,
    loyalty_unchanged_date,
    no_contact_date,
    inactive_since_date,
    case
        when engagement_tier = 'to_delete' and purge_hold_reason is null
            then {{ add_days(
                'greatest(' ~ add_months('counted_date', setting('tier_to_delete_months')) ~ ', asked_date)',
                setting('purge_grace_days')
            ) }}
    end as purge_due_date,
    segment_month,
    {{ as_of_date() }} as published_as_of_date
from judged
