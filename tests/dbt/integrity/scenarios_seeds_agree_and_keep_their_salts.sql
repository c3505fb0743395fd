-- What people edit about scenarios is judged before anything is decided with it: every finding is a sentence that names
-- the seed, the row and the way out. All that this reads is read by gated_steps too, so dbt makes no decision when it
-- fails.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set channels = contract_lists().channel -%}
{%- set is_channel = "in ('" ~ channels | join("', '") ~ "')" -%}
{%- set kinds = ['message', 'media', 'hygiene'] -%}
{%- set offer_types = ['coupon', 'voucher', 'exclusive_promotion', 'gift', 'free_delivery'] -%}
{%- set periods = trigger_periods().keys() | list -%}
{%- set clock = '^([01][0-9]|2[0-3]):[0-5][0-9]$' -%}
{%- set is_of_a_link = "(coalesce(condition like 'clicked:_%' or condition like 'not_clicked:_%', false))" -%}
{%- set is_about_levels = "(subjects is null or " ~ list_holds('subjects', "'level_reached'") ~ ")" -%}
{%- set is_due -%}
    (
        moment in ('{{ moments_due_by_date() | join("', '") }}')
        or (moment = 'loyalty_event' and (subjects is null or {{ list_holds('subjects', "'points_expire'") }}))
    )
{%- endset -%}
{%- set is_contract_column = list_holds("'" ~ contract_column_names() | join('>') ~ "'", 'word') -%}

with

scenarios as (
    select * from {{ ref('scenarios') }}
),

scenario_steps as (
    select * from {{ ref('scenario_steps') }}
),

scenario_step_variants as (
    select * from {{ ref('scenario_step_variants') }}
),

channel_rules as (
    select * from {{ ref('channel_rules') }}
),

message_caps as (
    select * from {{ ref('message_caps') }}
),

quiet_hours as (
    select * from {{ ref('quiet_hours') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

scenario_moments as (
    select * from {{ ref('scenario_moments') }}
),

scenario_offers as (
    select * from {{ ref('scenario_offers') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

offers as (
    select * from {{ ref('dim_offers') }}
),

past_entries as (
    select * from {{ source('memory', 'scenario_entries') }}
),

places as (
    {{ whole_numbers('place', 1, 30) }}
),

wrong_scenarios as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "coalesce(kind, '') not in ('" ~ kinds | join("', '") ~ "')",
            "kind is {kind}: write " ~ kinds | join(", ") ~ ".",
        ),
        (
            "coalesce(trigger_kind, '') not in ('predictable', 'unpredictable')",
            "trigger_kind is {trigger_kind}: write predictable or unpredictable.",
        ),
        (
            "coalesce(purpose, '') not in ('marketing', 'ads_personalisation', 'profiling')",
            "purpose is {purpose}: write marketing, ads_personalisation or profiling.",
        ),
        (
            "(kind = 'message' and purpose in ('ads_personalisation', 'profiling')) "
            ~ "or (kind = 'media' and purpose in ('marketing', 'profiling'))",
            "purpose is {purpose}, to which nobody said yes for a scenario of kind {kind}: write marketing for a "
            ~ "message and ads_personalisation for media.",
        ),
        (
            "coalesce(recurrence, '') not in ('once', 'per_entry_key')",
            "recurrence is {recurrence}: write once or per_entry_key.",
        ),
        (
            "channels is null and coalesce(kind, '') <> 'hygiene'",
            "channels is empty: write the channels in order of preference, such as email>sms.",
        ),
        ("priority is null", "priority is missing: write a whole number, 1 = most important."),
        (
            "coalesce(cooldown_days, -1) < 0",
            "cooldown_days is {cooldown_days}: write the days in which nobody enters again, 0 for none.",
        ),
        (
            "coalesce(entry_window_days, -1) < 0",
            "entry_window_days is {entry_window_days}: write the days in which the first message may go "
            ~ "out, 0 or more.",
        ),
        (
            "coalesce(holdout_share, -1) not between 0 and 0.5",
            "holdout_share is {holdout_share}: write a share from 0 to 0.5.",
        ),
        ("holdout_salt is null", "holdout_salt is missing: write a text that never changes, such as {scenario_id}_1."),
        ("ends_date < starts_date", "it ends ({ends_date}) before it starts ({starts_date}): mend one of the dates."),
        ("is_enabled is null", "is_enabled is missing: write true or false."),
        (
            "holdout_share + as_before_share >= 1",
            "holdout_share is {holdout_share} and as_before_share {as_before_share}: nobody would be written to, lower "
            ~ "either.",
        ),
        (
            "kind = 'hygiene' and channels is not null",
            "channels is {channels}, but a list of whom to delete writes to nobody: leave it empty.",
        ),
        ("message_limit < 1", "message_limit is {message_limit}: write 1 or more, or leave it empty for no limit."),
        ("outcome_days < 1", "outcome_days is {outcome_days}: write 1 or more, or leave it empty for the setting."),
        (
            "as_before_share not between 0 and 0.5",
            "as_before_share is {as_before_share}: write a share from 0 to 0.5, or leave it empty for none.",
        ),
        (
            "max_entries_per_day < 1",
            "max_entries_per_day is {max_entries_per_day}: write 1 or more, or leave it empty for no such cap.",
        ),
        ("max_running < 1", "max_running is {max_running}: write 1 or more, or leave it empty for no such cap."),
        ("targeting_data is null", "targeting_data is empty: name the contract columns that say who is meant."),
        ("trigger_data is null", "trigger_data is empty: name the contract columns that say when."),
        (
            "personalisation_data is null",
            "personalisation_data is empty: name the contract columns that the content is made of.",
        ),
        (
            "interruption_data is null",
            "interruption_data is empty: a journey that nothing stops is not begun; name the contract "
            ~ "columns of its signs.",
        ),
        (
            "stops_on is null",
            "stops_on is empty: a journey that nothing stops is not begun; write such as order>click.",
        ),
    ] + must_be_words('channels', 'email>sms') + must_be_words('stops_on', 'order>click')) }}
),

words_of_scenarios as (
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'channels', '>') }}
    union all
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'stops_on', '>') }}
    union all
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'targeting_data', ' ') }}
    union all
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'trigger_data', ' ') }}
    union all
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'personalisation_data', ' ') }}
    union all
    {{ words_of('scenarios', ['scenario_id', 'kind', 'is_enabled'], 'interruption_data', ' ') }}
),

wrong_words as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "list_name = 'channels' and word not " ~ is_channel,
            "channels names {word}, which is no channel: use " ~ channels | join(", ") ~ ".",
        ),
        (
            "list_name = 'channels' and kind = 'message' and word = 'ads'",
            "channels names ads, which reach no inbox: write kind media, or take the channel out.",
        ),
        (
            "list_name = 'channels' and kind = 'media' and word <> 'ads'",
            "channels names {word}, and kind media asks neither caps nor cooldown, because ads reach no inbox: write "
            ~ "kind message, or the channel ads.",
        ),
        (
            "list_name = 'stops_on' and word not in ('" ~ stop_signs() | join("', '") ~ "')",
            "stops_on names {word}, which is no sign that stops: use " ~ stop_signs() | join(", ") ~ ".",
        ),
        (
            "list_name not in ('channels', 'stops_on') and not " ~ is_contract_column,
            "{list_name} names {word}, which is no column of the input contract: write entity.column, such "
            ~ "as orders.ordered_at.",
        ),
    ], relation='words_of_scenarios') }}
),

repeated_words as (
    select
        scenario_id,
        list_name,
        word
    from words_of_scenarios
    where list_name in ('channels', 'stops_on')
    group by
        scenario_id,
        list_name,
        word
    having count(*) > 1
),

named_twice as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        ("true", "{list_name} names {word} twice: take one out."),
    ], relation='repeated_words') }}
),

-- two scenarios of one salt would hold out the same people
shared_salts as (
    select
        holdout_salt,
        count(*) as scenario_count,
        min(scenario_id) as scenario_id,
        max(scenario_id) as other_scenario_id
    from scenarios
    where holdout_salt is not null
    group by holdout_salt
),

equal_salts as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "scenario_count > 1",
            "holdout_salt {holdout_salt} is also that of {other_scenario_id}: both would hold out the same people, "
            ~ "give the newer one its own.",
        ),
    ], relation='shared_salts') }}
),

priorities as (
    select
        priority,
        count(*) as scenario_count,
        min(scenario_id) as scenario_id,
        max(scenario_id) as other_scenario_id
    from scenarios
    where is_enabled
    group by priority
),

tied_priorities as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "scenario_count > 1",
            "priority {priority} is also that of {other_scenario_id}: no two enabled scenarios share one, "
            ~ "change either.",
        ),
    ], relation='priorities') }}
),

-- the kinds of moment there are, and the subjects of those that have a closed list of them
known_moments as (
    {% set moments = [] -%}
    {%- for model in setting('moments') -%}
        {%- set kind, moment = model.split('_', 1) -%}
        {%- do moments.append([moment, kind == 'state']) -%}
    {%- endfor -%}
    {{ literal_rows(['moment', 'is_state'], moments) }}
),

known_subjects as (
    select
        'went_down' as moment,
        segment as subject
    from segments
    union all
    select
        'went_up' as moment,
        segment as subject
    from segments
    union all
    {% set subjects_of_moments = [] -%}
    {%- for moment, subjects in moment_subjects().items() -%}
        {%- for subject in subjects -%}
            {%- do subjects_of_moments.append([moment, subject]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ literal_rows(['moment', 'subject'], subjects_of_moments) }}
),

closed_lists as (
    select
        moment,
        {{ sorted_list('subject') }} as subjects
    from known_subjects
    group by moment
),

listeners as (
    select
        scenario_moments.*,
        scenarios.scenario_id is not null as has_scenario,
        scenarios.entry_window_days,
        known_moments.moment is not null as is_known,
        coalesce(known_moments.is_state, false) as is_state,
        row_number() over (
            order by
                scenario_moments.scenario_id asc nulls first,
                scenario_moments.moment asc nulls first,
                scenario_moments.subjects asc nulls first,
                scenario_moments.at_least asc nulls first,
                scenario_moments.at_most asc nulls first,
                scenario_moments.reason_code asc nulls first
        ) as place_in_file
    from scenario_moments
    left join scenarios
        on scenario_moments.scenario_id = scenarios.scenario_id
    left join known_moments
        on scenario_moments.moment = known_moments.moment
),

wrong_moments as (
    {{ seed_findings('scenario_moments', ['scenario_id', 'moment'], [
        ("not has_scenario", "there is no scenario {scenario_id}: add its row to scenarios or take this one out."),
        (
            "not is_known",
            "there is no moment {moment}: write one of the setting moments without its first word, such as cart_left.",
        ),
        (
            "is_known and is_state and coalesce(period, '') not in ('" ~ periods | join("', '") ~ "')",
            "period is {period}: what simply is so triggers once per period, write " ~ periods | join(", ") ~ ".",
        ),
        (
            "is_known and not is_state and period is not null",
            "period is {period}, but {moment} happens on a date of its own: leave it empty.",
        ),
        (
            "is_state and days_before is not null",
            "days_before is {days_before}, but a state has no date: leave it empty.",
        ),
        (
            "moment in ('" ~ moments_told_afterwards() | join("', '") ~ "') and days_before is not null",
            "days_before is {days_before}, but nobody knows of {moment} ahead: leave it empty.",
        ),
        (
            is_due ~ " and coalesce(days_before, 0) <= 0",
            "days_before is {days_before}, but the date of {moment} is known ahead and a message after it comes too "
            ~ "late: write entry_window_days of the scenario, which is {entry_window_days}, or more.",
        ),
        (
            "moment = 'loyalty_event' and days_before is not null and " ~ is_about_levels,
            "days_before is {days_before}, but nobody knows ahead of a level that is reached: give points_expire and "
            ~ "level_reached a row each, and that of level_reached no days_before.",
        ),
        (
            "moment in ('" ~ moments_without_subject() | join("', '") ~ "') and subjects is not null",
            "subjects is {subjects}, but {moment} has none and the row would hear nothing: leave it empty.",
        ),
        (
            "moment in ('" ~ moments_without_value() | join("', '") ~ "') "
            ~ "and (at_least is not null or at_most is not null)",
            "at_least is {at_least} and at_most {at_most}, but {moment} has no value and the row would hear nothing: "
            ~ "leave both empty.",
        ),
        ("days_before < 0", "days_before is {days_before}: write 0 or more, or leave it empty."),
        (
            "days_before > 0 and entry_window_days > days_before",
            "days_before is {days_before} and the entry window of the scenario is {entry_window_days} days: the "
            ~ "message could come after the date it is about, shorten entry_window_days.",
        ),
        ("at_least > at_most", "at_least is {at_least} and at_most {at_most}: nothing lies between, mend one of them."),
        ("reason_code is null", "reason_code is missing: name the reason as a code, such as {moment}."),
    ] + must_be_words('subjects', 'at_risk>to_delete'), relation='listeners') }}
),

listener_subjects as (
    {{ words_of('scenario_moments', ['scenario_id', 'moment'], 'subjects', '>') }}
),

judged_subjects as (
    select
        listener_subjects.*,
        closed_lists.subjects,
        known_subjects.subject is not null as is_known
    from listener_subjects
    inner join closed_lists
        on listener_subjects.moment = closed_lists.moment
    left join known_subjects
        on
            listener_subjects.moment = known_subjects.moment
            and listener_subjects.word = known_subjects.subject
),

wrong_subjects as (
    {{ seed_findings('scenario_moments', ['scenario_id', 'moment'], [
        ("not is_known", "subjects names {word}, which {moment} is never about: use one of {subjects}."),
    ], relation='judged_subjects') }}
),

-- the words of each row's choice; no word stands for all of them
listener_words as (
    select
        listeners.place_in_file,
        listeners.scenario_id,
        listeners.moment,
        coalesce(listeners.at_least, -1000000000) as at_least,
        coalesce(listeners.at_most, 1000000000) as at_most,
        case
            when listeners.subjects is null then '*'
            else split_part(listeners.subjects, '>', places.place)
        end as word
    from listeners
    inner join places
        on
            places.place = 1
            or split_part(listeners.subjects, '>', places.place) <> ''
),

doubled_moments as (
    select distinct
        one.scenario_id,
        one.moment
    from listener_words as one
    inner join listener_words as other
        on
            one.scenario_id = other.scenario_id
            and one.moment = other.moment
            and one.place_in_file < other.place_in_file
            and (one.word = other.word or one.word = '*' or other.word = '*')
            and one.at_least <= other.at_most
            and other.at_least <= one.at_most
),

doubled_listeners as (
    {{ seed_findings('scenario_moments', ['scenario_id', 'moment'], [
        (
            "true",
            "two rows of the scenario catch the same moment: give each its own subjects, or values that do not "
            ~ "overlap.",
        ),
    ], relation='doubled_moments') }}
),

deaf_scenarios as (
    select scenarios.scenario_id
    from scenarios
    left join scenario_moments
        on scenarios.scenario_id = scenario_moments.scenario_id
    where
        scenarios.is_enabled
        and scenario_moments.scenario_id is null
),

unheard_scenarios as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "true",
            "it is enabled and listens to nothing: add what triggers it to scenario_moments, or write is_enabled "
            ~ "false.",
        ),
    ], relation='deaf_scenarios') }}
),

-- a step that only keeps what a message before it offered gives nothing of its own
giving_scenarios as (
    select distinct scenario_id
    from scenario_steps
    where
        offer_rule <> 'keep'
        or (offer_rule = 'keep' and after_steps is null)
),

rows_and_offers as (
    select
        scenario_offers.*,
        scenarios.scenario_id is not null as has_scenario,
        giving_scenarios.scenario_id is not null as is_given,
        known_offers.offer_id is not null as is_offer_known,
        row_number() over (
            partition by scenario_offers.scenario_id, scenario_offers.subject, scenario_offers.from_value
            order by
                scenario_offers.offer_type asc nulls first,
                scenario_offers.offer_rule asc nulls first
        ) as place
    from scenario_offers
    left join scenarios
        on scenario_offers.scenario_id = scenarios.scenario_id
    left join giving_scenarios
        on scenario_offers.scenario_id = giving_scenarios.scenario_id
    left join offers as known_offers
        on
            {{ dbt.concat(["'id:'", "known_offers.offer_id"]) }} = scenario_offers.offer_rule
            and known_offers.offer_type = scenario_offers.offer_type
),

-- what the moments of a scenario are about and whether they have a value; of one that nobody knows, or whose subjects
-- are words of the retailer's, anything may be true
heard_moments as (
    select
        scenario_moments.scenario_id,
        scenario_moments.moment,
        known_subjects.subject,
        case
            when
                known_subjects.subject is null
                and coalesce(scenario_moments.moment, '') not in ('{{ moments_without_subject() | join("', '") }}')
                then 1
            else 0
        end as is_open,
        case
            when scenario_moments.moment in ('{{ moments_without_value() | join("', '") }}') then 0
            else 1
        end as has_value
    from scenario_moments
    left join known_subjects
        on scenario_moments.moment = known_subjects.moment
),

heard_scenarios as (
    select
        scenario_id,
        {{ sorted_list('subject') }} as subjects,
        max(is_open) as is_open,
        max(has_value) as has_value
    from heard_moments
    group by scenario_id
),

heard_subjects as (
    select distinct
        scenario_id,
        subject
    from heard_moments
),

judged_offers as (
    select
        rows_and_offers.scenario_id,
        rows_and_offers.subject,
        rows_and_offers.from_value,
        heard_scenarios.subjects,
        heard_scenarios.has_value,
        rows_and_offers.subject = '*'
        or heard_scenarios.is_open = 1
        or heard_subjects.subject is not null as is_known
    from rows_and_offers
    inner join heard_scenarios
        on rows_and_offers.scenario_id = heard_scenarios.scenario_id
    left join heard_subjects
        on
            rows_and_offers.scenario_id = heard_subjects.scenario_id
            and rows_and_offers.subject = heard_subjects.subject
    where rows_and_offers.subject is not null
),

wrong_offers as (
    {{ seed_findings('scenario_offers', ['scenario_id', 'subject', 'from_value'], [
        ("not has_scenario", "there is no scenario {scenario_id}: add its row to scenarios or take this one out."),
        (
            "has_scenario and not is_given",
            "no step of {scenario_id} gives an offer: write keep as the offer_rule of its first step, or another "
            ~ "rule at a later one, or take this row out.",
        ),
        ("subject is null", "subject is missing: name what the moment is about, or write * for any."),
        (
            "place > 1",
            "there is another row for the same case: a subject and a value have one offer, take one of them out.",
        ),
        (
            "coalesce(offer_type, '') not in ('" ~ offer_types | join("', '") ~ "')",
            "offer_type is {offer_type}: write " ~ offer_types | join(", ") ~ ".",
        ),
        (
            "coalesce(offer_rule, '') not in ('lowest_value', 'highest_value', 'best_match') "
            ~ "and coalesce(offer_rule, '') not like 'id:_%'",
            "offer_rule is {offer_rule}: write lowest_value, highest_value, best_match or id:<offer_id>.",
        ),
        (
            "offer_rule like 'id:_%' and not is_offer_known",
            "offer_rule is {offer_rule} and dim_offers has no such {offer_type}: name one that it has.",
        ),
    ], relation='rows_and_offers') }}
),

wrong_offer_cases as (
    {{ seed_findings('scenario_offers', ['scenario_id', 'subject'], [
        (
            "not is_known and subjects is not null",
            "{subject} is nothing that its moment is ever about: use one of {subjects}, or write * for any.",
        ),
        (
            "not is_known and subjects is null",
            "{subject} is given to nobody, because what {scenario_id} listens to has no subject: write * for any.",
        ),
        (
            "has_value = 0 and from_value is not null",
            "from_value is {from_value}, but what {scenario_id} listens to has no value and nobody would reach it: "
            ~ "leave it empty.",
        ),
    ], relation='judged_offers') }}
),

-- an arm is drawn by the salts: others would draw other people in the middle of a comparison
salts as (
    select distinct
        scenarios.scenario_id,
        scenarios.holdout_salt,
        past_entries.holdout_period,
        past_entries.holdout_salts as salts_of_entries,
        {{ dbt.concat(["scenarios.holdout_salt", "'|" ~ setting('global_holdout_salt') ~ "'"]) }} as salts_of_today
    from scenarios
    inner join past_entries
        on scenarios.scenario_id = past_entries.scenario_id
    where past_entries.holdout_period = '{{ holdout_period_text() }}'
),

changed_salts as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "coalesce(salts_of_today, '') <> salts_of_entries",
            "holdout_salt and the setting global_holdout_salt are {salts_of_today}, but people entered in "
            ~ "{holdout_period} "
            ~ "by {salts_of_entries}: salts never change, put the old ones back.",
        ),
    ], relation='salts') }}
),

-- a window for all steps before, or one for each
window_words as (
    {{ words_of('scenario_steps', ['scenario_id', 'step'], 'stop_after_days', '>') }}
),

windows as (
    select
        scenario_id,
        step,
        count(*) as window_count,
        min(coalesce({{ try_cast('word', 'integer') }}, -1)) as shortest_days,
        max({{ try_cast('word', 'integer') }}) as longest_days
    from window_words
    group by
        scenario_id,
        step
),

steps as (
    select
        scenario_steps.*,
        coalesce(windows.shortest_days, -1) as shortest_days,
        windows.window_count > 1
        and windows.window_count
        <> 1 + length(scenario_steps.after_steps) - length(replace(scenario_steps.after_steps, '>', ''))
            as has_odd_windows,
        scenarios.scenario_id is not null as has_scenario,
        scenarios.entry_window_days,
        giving_scenarios.scenario_id is not null as is_given,
        offers.offer_id is not null as is_offer_known
    from scenario_steps
    left join scenarios
        on scenario_steps.scenario_id = scenarios.scenario_id
    left join windows
        on
            scenario_steps.scenario_id = windows.scenario_id
            and scenario_steps.step = windows.step
    left join giving_scenarios
        on scenario_steps.scenario_id = giving_scenarios.scenario_id
    left join offers
        on {{ dbt.concat(["'id:'", "offers.offer_id"]) }} = scenario_steps.offer_rule
),

wrong_steps as (
    {{ seed_findings('scenario_steps', ['scenario_id', 'step'], [
        ("not has_scenario", "there is no scenario {scenario_id}: add its row to scenarios or take this one out."),
        ("coalesce(wait_days, -1) < 0", "wait_days is {wait_days}: write 0 or more."),
        ("shortest_days < 0", "stop_after_days is {stop_after_days}: write 0 or more."),
        (
            "coalesce(has_odd_windows, stop_after_days like '%>%')",
            "stop_after_days is {stop_after_days} and after_steps is {after_steps}: write one number for all of them, "
            ~ "or one for each, joined by >.",
        ),
        (
            "after_steps is null and coalesce(stop_after_days, '0') <> '0'",
            "stop_after_days is {stop_after_days}, but until when the first step may go out is entry_window_days of "
            ~ "the scenario: write 0.",
        ),
        (
            "after_steps is null and wait_days > entry_window_days",
            "wait_days is {wait_days} and the entry window closes after {entry_window_days} days: it would "
            ~ "never go out; "
            ~ "wait less or lengthen entry_window_days.",
        ),
        (
            "after_steps is not null and shortest_days >= 0 and wait_days > shortest_days",
            "wait_days is {wait_days} and stop_after_days is {stop_after_days}: it would never go out; "
            ~ "wait less or lengthen stop_after_days.",
        ),
        (
            "coalesce(condition, '') not in ('none', 'delivered', 'opened', 'not_opened', 'clicked', 'not_clicked', "
            ~ "'has_offer', 'no_purchase') and not " ~ is_of_a_link,
            "condition is {condition}: write none, delivered, opened, not_opened, clicked, "
            ~ "clicked:<link_tag>, not_clicked, not_clicked:<link_tag>, "
            ~ "has_offer or no_purchase.",
        ),
        (
            is_of_a_link ~ " and (condition like '% ' or condition like '%: %')",
            "condition is {condition}, and no link has a blank beside its name: take it out.",
        ),
        (
            "coalesce(fallback_condition, 'no_purchase') not in ('no_purchase', 'skip')",
            "fallback_condition is {fallback_condition}: write no_purchase or skip.",
        ),
        (
            "fallback_condition is not null and coalesce(condition, '') not in ('opened', 'not_opened', 'clicked', "
            ~ "'not_clicked') and not " ~ is_of_a_link,
            "fallback_condition is {fallback_condition}, but condition {condition} can always be known: "
            ~ "leave it empty.",
        ),
        (
            "after_steps is null and condition <> 'none'",
            "condition is {condition}, but nothing comes before the first step: write none.",
        ),
        ("template is null", "template is missing: name the template of the message."),
        ("variant_salt is null", "variant_salt is missing: write a text that never changes, such as {step}_1."),
        (
            "offer_rule not in ('keep', 'lowest_value', 'highest_value', 'best_match') and offer_rule not like 'id:_%'",
            "offer_rule is {offer_rule}: write keep, lowest_value, highest_value, best_match, id:<offer_id>, or leave "
            ~ "it empty for none.",
        ),
        (
            "offer_rule = 'keep' and not is_given",
            "offer_rule is keep, and no step before it gives an offer: write another rule, or leave it empty.",
        ),
        (
            "offer_rule like 'id:_%' and not is_offer_known",
            "offer_rule is {offer_rule} and dim_offers has no such offer: name one that it has.",
        ),
    ] + must_be_a_name('step', 'second_message') + must_be_words('after_steps', 'first_message>thanks')
    + must_be_words('stop_after_days', '17>7'), relation='steps') }}
),

step_words as (
    {{ words_of('scenario_steps', ['scenario_id', 'step'], 'after_steps', '>') }}
),

links as (
    select
        step_words.scenario_id,
        step_words.word as from_step,
        step_words.step as to_step,
        predecessors.step is not null as has_predecessor
    from step_words
    left join scenario_steps as predecessors
        on
            step_words.scenario_id = predecessors.scenario_id
            and step_words.word = predecessors.step
),

lost_steps as (
    {{ seed_findings('scenario_steps', ['scenario_id', 'to_step'], [
        (
            "not has_predecessor",
            "after_steps names {from_step}, and {scenario_id} has no such step: name a step of the same scenario.",
        ),
    ], relation='links') }}
),

repeated_predecessors as (
    select
        scenario_id,
        step,
        word
    from step_words
    group by
        scenario_id,
        step,
        word
    having count(*) > 1
),

doubled_links as (
    {{ seed_findings('scenario_steps', ['scenario_id', 'step'], [
        ("true", "after_steps names {word} twice: take one out."),
    ], relation='repeated_predecessors') }}
),

first_steps as (
    select
        scenarios.scenario_id,
        count(scenario_steps.step) as step_count,
        min(scenario_steps.step) as step,
        max(scenario_steps.step) as other_step
    from scenarios
    left join scenario_steps
        on
            scenarios.scenario_id = scenario_steps.scenario_id
            and scenario_steps.after_steps is null
    group by scenarios.scenario_id
),

wrong_first_steps as (
    {{ seed_findings('scenario_steps', ['scenario_id'], [
        ("step_count = 0", "no step has an empty after_steps: leave it empty for the step that begins the journey."),
        (
            "step_count > 1",
            "{step} and {other_step} both have an empty after_steps: a journey has one first step, "
            ~ "name what comes before the others.",
        ),
    ], relation='first_steps') }}
),

-- who leads to whom, and each step to itself: each round doubles the length of the ways that are known, so five see a
-- ring of 32 steps
{% for round in range(6) -%}
    ways_{{ round }} as (
        {% if loop.first -%}
            select
                scenario_id,
                from_step,
                to_step
            from links
            union distinct
            select
                scenario_id,
                step as from_step,
                step as to_step
            from scenario_steps
        {%- else -%}
            select distinct
                earlier.scenario_id,
                earlier.from_step,
                later.to_step
            from ways_{{ round - 1 }} as earlier
            inner join ways_{{ round - 1 }} as later
                on
                    earlier.scenario_id = later.scenario_id
                    and earlier.to_step = later.from_step
        {%- endif %}
    ),

{% endfor -%}
links_in_a_ring as (
    select distinct
        links.scenario_id,
        links.to_step
    from links
    inner join ways_5 as ways_back
        on
            links.scenario_id = ways_back.scenario_id
            and links.to_step = ways_back.from_step
            and links.from_step = ways_back.to_step
),

cyclic_steps as (
    {{ seed_findings('scenario_steps', ['scenario_id', 'to_step'], [
        ("true", "its after_steps lead back to itself: a journey goes forward, break the ring."),
    ], relation='links_in_a_ring') }}
),

journey_lengths as (
    select
        scenarios.scenario_id,
        scenarios.journey_days,
        scenarios.entry_window_days + coalesce(sum(windows.longest_days), 0) as needed_days
    from scenarios
    left join windows
        on scenarios.scenario_id = windows.scenario_id
    group by
        scenarios.scenario_id,
        scenarios.journey_days,
        scenarios.entry_window_days
),

short_journeys as (
    {{ seed_findings('scenarios', ['scenario_id'], [
        (
            "coalesce(journey_days, -1) < needed_days",
            "journey_days is {journey_days} and its steps may take {needed_days} (entry_window_days and "
            ~ "every stop_after_days): "
            ~ "write {needed_days} or more.",
        ),
    ], relation='journey_lengths') }}
),

variants as (
    select
        scenario_step_variants.*,
        scenario_steps.step is not null as has_step,
        coalesce({{ list_holds('scenarios.channels', 'scenario_step_variants.channel') }}, false) as has_channel,
        count(*) over (
            partition by
                scenario_step_variants.scenario_id,
                scenario_step_variants.step,
                scenario_step_variants.channel,
                scenario_step_variants.variant
        ) as name_count,
        lag(scenario_step_variants.last_bucket) over (
            partition by
                scenario_step_variants.scenario_id, scenario_step_variants.step, scenario_step_variants.channel
            order by scenario_step_variants.first_bucket asc nulls first, scenario_step_variants.variant asc nulls first
        ) as bucket_before,
        lead(scenario_step_variants.first_bucket) over (
            partition by
                scenario_step_variants.scenario_id, scenario_step_variants.step, scenario_step_variants.channel
            order by scenario_step_variants.first_bucket asc nulls first, scenario_step_variants.variant asc nulls first
        ) as bucket_after
    from scenario_step_variants
    left join scenarios
        on scenario_step_variants.scenario_id = scenarios.scenario_id
    left join scenario_steps
        on
            scenario_step_variants.scenario_id = scenario_steps.scenario_id
            and scenario_step_variants.step = scenario_steps.step
),

wrong_variants as (
    {{ seed_findings('scenario_step_variants', ['scenario_id', 'step', 'channel', 'variant'], [
        ("not has_step", "{scenario_id} has no step {step}: name a step of scenario_steps."),
        ("has_step and not has_channel", "{scenario_id} does not use the channel {channel}: name one of its channels."),
        (
            "coalesce(first_bucket, -1) < 0 or coalesce(last_bucket, 10000) > 9999 or first_bucket > last_bucket",
            "its buckets go from {first_bucket} to {last_bucket}: write a range inside 0 to 9999.",
        ),
        (
            "first_bucket <= bucket_before",
            "its buckets begin at {first_bucket} and the variant before it ends at {bucket_before}: "
            ~ "ranges must not overlap.",
        ),
        (
            "first_bucket > coalesce(bucket_before, -1) + 1",
            "its buckets begin at {first_bucket} and nobody has those just below: ranges must leave no hole.",
        ),
        (
            "bucket_after is null and last_bucket < 9999",
            "its buckets end at {last_bucket} and it is the last variant: ranges must reach 9999.",
        ),
        ("name_count > 1", "another variant of the step has this name: give each its own."),
    ] + must_be_a_name('variant', 'carries_offer'), relation='variants') }}
),

known_channels as (
    {% for channel in channels -%}
        select '{{ channel }}' as channel
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

general_rules as (
    select
        known_channels.channel,
        channel_rules.channel is not null as has_rule
    from known_channels
    left join channel_rules
        on
            known_channels.channel = channel_rules.channel
            and channel_rules.event = '*'
            and channel_rules.objective = '*'
),

objectives as (
    select distinct objective
    from scenarios
),

rules_and_events as (
    select
        channel_rules.*,
        scenarios.scenario_id is not null as has_scenario,
        objectives.objective is not null as has_objective
    from channel_rules
    left join scenarios
        on channel_rules.event = scenarios.scenario_id
    left join objectives
        on channel_rules.objective = objectives.objective
),

wrong_rules as (
    {{ seed_findings('channel_rules', ['channel'], [
        ("not has_rule", "there is no row *,* for the channel: add one, with what a message costs."),
    ], relation='general_rules') }}
    union all
    {{ seed_findings('channel_rules', ['event', 'objective', 'channel'], [
        ("channel is null or channel not " ~ is_channel, "{channel} is no channel: use " ~ channels | join(", ") ~ "."),
        (
            "coalesce(event, '') <> '*' and not has_scenario",
            "there is no scenario {event}: name one, or write * for any.",
        ),
        (
            "coalesce(objective, '') <> '*' and not has_objective",
            "no scenario has the objective {objective}: name one that a scenario has, or write * for any.",
        ),
        ("coalesce(channel_cost_amount, -1) < 0", "channel_cost_amount is {channel_cost_amount}: write 0 or more."),
        (
            "channel_cost_amount <> round(channel_cost_amount, 2)",
            "channel_cost_amount is {channel_cost_amount}: write two decimals at most, 0.00 for less than a cent.",
        ),
        ("precedence < 1", "precedence is {precedence}: write 1 or more, or leave it empty."),
        ("min_offer_amount < 0", "min_offer_amount is {min_offer_amount}: write 0 or more, or leave it empty."),
    ], relation='rules_and_events') }}
),

capped_channels as (
    select distinct
        words_of_scenarios.word as channel,
        message_caps.channel is not null as has_cap
    from words_of_scenarios
    left join message_caps
        on
            words_of_scenarios.word = message_caps.channel
            and message_caps.engagement_tier = '*'
    where
        words_of_scenarios.list_name = 'channels'
        and words_of_scenarios.kind = 'message'
        and words_of_scenarios.is_enabled
        and words_of_scenarios.word <> 'ads'
),

uncapped_channels as (
    {{ seed_findings('message_caps', ['channel'], [
        (
            "not has_cap",
            "there is no row of engagement_tier * for the channel, so whoever has no row of her own could be written "
            ~ "to every day: add one.",
        ),
    ], relation='capped_channels') }}
),

wrong_caps as (
    {{ seed_findings('message_caps', ['channel', 'engagement_tier'], [
        ("channel is null or channel not " ~ is_channel, "{channel} is no channel: use " ~ channels | join(", ") ~ "."),
        (
            "coalesce(engagement_tier, '') not in ('" ~ engagement_tiers() | join("', '") ~ "', '*')",
            "engagement_tier is {engagement_tier}: write " ~ engagement_tiers() | join(", ") ~ ", or * for any.",
        ),
        (
            "coalesce(window_days, 0) not between 1 and 60",
            "window_days is {window_days}: write 1 to 60, longer ago nobody looks.",
        ),
        (
            "coalesce(max_messages, -1) < 0",
            "max_messages is {max_messages}: write how many are enough, 0 for none at all.",
        ),
        (
            "max_per_calendar_month < 0",
            "max_per_calendar_month is {max_per_calendar_month}: write 0 or more, or leave it empty.",
        ),
    ]) }}
),

wrong_hours as (
    {{ seed_findings('quiet_hours', ['channel', 'country_code'], [
        ("channel is null or channel not " ~ is_channel, "{channel} is no channel: use " ~ channels | join(", ") ~ "."),
        (
            "coalesce(country_code, '') <> '*' and not " ~ regex_like("coalesce(country_code, '')", "^[A-Z]{2}$"),
            "country_code is {country_code}: write two capital letters (ISO 3166-1), or * for any.",
        ),
        (
            "time_zone not in ('" ~ modules.pytz.all_timezones | join("', '") ~ "')",
            "time_zone is {time_zone}: write an IANA name such as Europe/Paris, or leave it empty for the setting "
            ~ "business_timezone.",
        ),
        (
            "not " ~ regex_like("coalesce(from_time, '')", clock)
            ~ " or not " ~ regex_like("coalesce(until_time, '')", clock),
            "it goes from {from_time} until {until_time}: write times of day as HH:MM.",
        ),
        (
            "from_time = until_time",
            "it goes from {from_time} until {until_time}: a whole day of quiet would put messages off for ever, "
            ~ "shorten it.",
        ),
    ]) }}
),

due_gates as (
    {% for kind in kinds -%}
        {% set last_kind = loop.last -%}
        {% for gate in gates() -%}
            select
                '{{ kind }}' as kind,
                '{{ gate }}' as gate,
                {{ loop.index }} as gate_order
            {{ 'union all' if not (last_kind and loop.last) }}
        {% endfor -%}
    {% endfor %}
),

compared_gates as (
    select
        coalesce(due_gates.kind, gate_applicability.kind) as kind,
        coalesce(due_gates.gate, gate_applicability.gate) as gate,
        due_gates.gate_order as due_order,
        gate_applicability.gate_order,
        gate_applicability.is_applied
    from due_gates
    full outer join gate_applicability
        on
            due_gates.kind = gate_applicability.kind
            and due_gates.gate = gate_applicability.gate
),

wrong_gates as (
    {{ seed_findings('gate_applicability', ['kind', 'gate'], [
        ("due_order is null", "there is no such kind or gate: take the row out."),
        (
            "due_order is not null and is_applied is null",
            "it is missing or does not say whether it is applied: add it with gate_order {due_order} and "
            ~ "true or false.",
        ),
        (
            "gate_order <> due_order",
            "gate_order is {gate_order}, but the gates are asked in one order for all kinds: write {due_order}.",
        ),
        (
            "is_applied = false and (gate in ('not_erased', 'not_stopped') "
            ~ "or (kind in ('message', 'media') and gate in ('reachable', 'consented', 'not_suppressed')))",
            "is_applied is false, but what this gate protects is no matter of choice: write true.",
        ),
    ], relation='compared_gates') }}
)

{% for findings in [
    'wrong_scenarios', 'wrong_words', 'named_twice', 'equal_salts', 'tied_priorities', 'wrong_moments',
    'wrong_subjects', 'doubled_listeners', 'unheard_scenarios', 'wrong_offers', 'wrong_offer_cases', 'changed_salts',
    'wrong_steps', 'lost_steps', 'doubled_links', 'wrong_first_steps', 'cyclic_steps', 'short_journeys',
    'wrong_variants', 'wrong_rules', 'uncapped_channels', 'wrong_caps', 'wrong_hours', 'wrong_gates',
] -%}
    select reason from {{ findings }}
    {{ 'union all' if not loop.last }}
{% endfor %}
