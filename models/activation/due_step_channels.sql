-- The gates that hold per channel: is there an address, is it allowed, is it wanted, and how much went out lately.
-- A person's own hour is the one that she has declared, else, where the business wants it, that at which she is about.
{%- set planned_at = send_instant() %}
{%- if var('as_of_time', none) is none -%}
    {%- set own_hour = 'declared_send_hours.send_hour' -%}
    {%- if setting('send_at_best_hour') -%}
        {%- set own_hour = 'coalesce(' ~ own_hour ~ ', profiles.best_send_hour)' -%}
    {%- endif -%}
    {%- set own_clock = add_seconds('cast(' ~ send_date() ~ ' as timestamp)', own_hour ~ ' * 3600') -%}
    {%- set planned_at = 'coalesce(' ~ local_to_utc(own_clock) ~ ', ' ~ planned_at ~ ')' -%}
{%- endif %}

with

due_steps as (
    select * from {{ ref('due_steps') }}
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

suppressions as (
    select * from {{ ref('suppressions') }}
),

isolations as (
    select * from {{ ref('isolations') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

declared_send_hours as (
    select * from {{ ref('declared_send_hours') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

contact_addresses as (
    select * from {{ ref('contact_addresses') }}
),

channel_permissions as (
    select * from {{ ref('channel_permissions') }}
),

known_channels as (
    select * from {{ ref('channels') }}
),

profile_mailboxes as (
    select * from {{ ref('profile_mailboxes') }}
),

paused_mailboxes as (
    select * from {{ ref('paused_mailboxes') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

past_decisions as (
    select * from {{ ref('past_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
),

due_profiles as (
    select distinct profile_id
    from due_steps
),

channels as (
    select channel
    from known_channels
),

-- an address that works, whether or not we may use it
addresses as (
    select distinct
        contact_addresses.profile_id,
        known_channels.channel
    from contact_addresses
    inner join due_profiles
        on contact_addresses.profile_id = due_profiles.profile_id
    inner join known_channels
        on {{ list_holds('known_channels.address_kinds', 'contact_addresses.address_kind') }}
    where contact_addresses.is_valid
),

-- the rule that says most about the case: the event before the objective before the general one
ranked_rules as (
    select
        due_steps.scenario_id,
        due_steps.profile_id,
        due_steps.entry_key,
        due_steps.step,
        channels.channel,
        channel_rules.precedence,
        channel_rules.min_offer_amount,
        cast(channel_rules.channel_cost_amount as decimal(18,2)) as channel_cost_amount,
        row_number() over (
            partition by
                due_steps.scenario_id, due_steps.profile_id, due_steps.entry_key, due_steps.step, channels.channel
            order by
                case when channel_rules.event = '*' then 1 else 0 end asc nulls last,
                case when channel_rules.objective = '*' then 1 else 0 end asc nulls last
        ) as generality
    from due_steps
    inner join channels
        on {{ list_holds('due_steps.channels', 'channels.channel') }}
    left join channel_rules
        on
            channels.channel = channel_rules.channel
            and channel_rules.event in (due_steps.scenario_id, '*')
            and channel_rules.objective in (due_steps.objective, '*')
),

-- a channel that costs more than the offer is worth stays out of the race
candidates as (
    select
        due_steps.scenario_id,
        due_steps.profile_id,
        due_steps.entry_key,
        due_steps.step,
        due_steps.purpose,
        due_steps.channels,
        ranked_rules.channel,
        ranked_rules.precedence,
        ranked_rules.channel_cost_amount,
        ranked_rules.min_offer_amount is null
        or coalesce(due_steps.offer_amount >= ranked_rules.min_offer_amount, false) as is_worth_its_cost
    from due_steps
    inner join ranked_rules
        on
            due_steps.scenario_id = ranked_rules.scenario_id
            and due_steps.profile_id = ranked_rules.profile_id
            and due_steps.entry_key = ranked_rules.entry_key
            and due_steps.step = ranked_rules.step
    where ranked_rules.generality = 1
),

plans as (
    select
        due_profiles.profile_id,
        profiles.country_code,
        profiles.time_zone,
        profiles.preferred_channel,
        profiles.responsive_channel,
        {{ planned_at }} as planned_at
    from due_profiles
    left join profiles
        on due_profiles.profile_id = profiles.profile_id
    left join declared_send_hours
        on due_profiles.profile_id = declared_send_hours.profile_id
),

-- Each channel has hours in which nobody is disturbed, by the recipient's own clock where it is known, else by that of
-- her country: the row of her country counts before the general one.
ranked_quiet_hours as (
    select
        plans.profile_id,
        quiet_hours.channel,
        coalesce(plans.time_zone, quiet_hours.time_zone, {{ business_zone() }}) as time_zone,
        cast(split_part(quiet_hours.from_time, ':', 1) as integer) * 3600
        + cast(split_part(quiet_hours.from_time, ':', 2) as integer) * 60 as from_seconds,
        cast(split_part(quiet_hours.until_time, ':', 1) as integer) * 3600
        + cast(split_part(quiet_hours.until_time, ':', 2) as integer) * 60 as until_seconds,
        plans.planned_at,
        row_number() over (
            partition by plans.profile_id, quiet_hours.channel
            order by case when quiet_hours.country_code = '*' then 1 else 0 end asc nulls last
        ) as generality
    from plans
    inner join quiet_hours
        on quiet_hours.country_code in (plans.country_code, '*')
),

clocks as (
    select
        *,
        {{ local_timestamp('planned_at', 'time_zone') }} as clock,
        cast(cast({{ local_timestamp('planned_at', 'time_zone') }} as date) as timestamp) as midnight
    from ranked_quiet_hours
    where generality = 1
),

-- a message waits for the end of the quiet hours, this day's or, where they begin in the evening, the next day's
waits as (
    select
        profile_id,
        channel,
        time_zone,
        case
            when from_seconds < until_seconds
                then
                    case
                        when
                            clock >= {{ add_seconds('midnight', 'from_seconds') }}
                            and clock < {{ add_seconds('midnight', 'until_seconds') }}
                            then {{ add_seconds('midnight', 'until_seconds') }}
                    end
            when clock < {{ add_seconds('midnight', 'until_seconds') }}
                then {{ add_seconds('midnight', 'until_seconds') }}
            when clock >= {{ add_seconds('midnight', 'from_seconds') }}
                then {{ add_seconds('midnight', 'until_seconds + 86400') }}
        end as waits_until
    from clocks
),

postponed as (
    select
        profile_id,
        channel,
        {{ local_to_utc('waits_until', 'time_zone') }} as send_at
    from waits
    where waits_until is not null
),

-- what reached somebody before a split reached each of those who were taken for one
recent_messages as (
    select
        messages.message_id,
        profile_heirs.profile_id,
        messages.decision_id,
        messages.channel,
        messages.message_kind,
        messages.sent_date,
        messages.first_not_sent_at
    from messages
    inner join profile_heirs
        on
            messages.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or messages.sent_date < profile_heirs.until_date)
    inner join due_profiles
        on profile_heirs.profile_id = due_profiles.profile_id
    where {{ happened_by('messages.sent_at') }}
),

suppressed_channels as (
    select
        profile_heirs.profile_id,
        channels.channel,
        min(suppressions.reason) as reason
    from suppressions
    inner join channels
        on suppressions.channel in (channels.channel, '*')
    inner join profile_heirs
        on
            suppressions.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or suppressions.valid_from_date <= profile_heirs.until_date)
    where
        suppressions.valid_from_date <= {{ as_of_date() }}
        and (suppressions.valid_to_date is null or suppressions.valid_to_date > {{ as_of_date() }})
    group by
        profile_heirs.profile_id,
        channels.channel
),

-- a mailbox provider at which too many people complained gets no mail until that is mended
paused_profiles as (
    select
        profile_mailboxes.profile_id,
        'email' as channel,
        'mailbox_paused' as reason
    from profile_mailboxes
    inner join paused_mailboxes
        on profile_mailboxes.mailbox_provider = paused_mailboxes.mailbox_provider
),

-- What reached the person or is on its way: messages that were sent, on the date of the decision they carry out, and
-- decisions that nobody has reported on yet. Counting reports alone sends twice when they come late. Ads count for
-- nothing: they reach no inbox.
sent_messages as (
    select
        recent_messages.profile_id,
        recent_messages.channel,
        coalesce(past_decisions.decision_id, recent_messages.message_id) as slot_key,
        coalesce(past_decisions.send_date, recent_messages.sent_date) as send_date
    from recent_messages
    left join past_decisions
        on recent_messages.decision_id = past_decisions.decision_id
    where
        not coalesce({{ happened_by('recent_messages.first_not_sent_at') }}, false)
        -- a receipt and an answer of the service are no advertising, unless they carry out a decision of ours
        and (recent_messages.message_kind = 'marketing' or past_decisions.decision_id is not null)
),

messages_on_their_way as (
    select
        past_decisions.profile_id,
        past_decisions.channel,
        past_decisions.decision_id as slot_key,
        past_decisions.send_date
    from past_decisions
    inner join due_profiles
        on past_decisions.profile_id = due_profiles.profile_id
    left join decision_reports
        on past_decisions.decision_id = decision_reports.decision_id
    where
        past_decisions.outcome = 'selected'
        and decision_reports.decision_id is null
),

slots as (
    select
        profile_id,
        channel,
        slot_key,
        send_date
    from sent_messages
    where
        send_date >= {{ add_days(send_date(), -62) }}
        and channel <> 'ads'
    union distinct
    select
        profile_id,
        channel,
        slot_key,
        send_date
    from messages_on_their_way
    where
        send_date >= {{ add_days(send_date(), -62) }}
        and channel <> 'ads'
),

-- the tier of the newest closed month, until the first sign of life after it
tiers as (
    select
        profiles.profile_id,
        profiles.max_messages_30_days,
        case
            when {{ local_date('profiles.last_contact_from_person_at') }} >= {{ month_start(as_of_date()) }}
                then 'active'
            else profiles.engagement_tier
        end as engagement_tier
    from profiles
    inner join due_profiles
        on profiles.profile_id = due_profiles.profile_id
),

ranked_caps as (
    select
        tiers.profile_id,
        message_caps.channel,
        message_caps.window_days,
        message_caps.max_messages,
        message_caps.max_per_calendar_month,
        row_number() over (
            partition by tiers.profile_id, message_caps.channel
            order by case when message_caps.engagement_tier = '*' then 1 else 0 end asc nulls last
        ) as generality
    from tiers
    inner join message_caps
        on message_caps.engagement_tier in (tiers.engagement_tier, '*')
),

used as (
    select
        ranked_caps.profile_id,
        ranked_caps.channel,
        cast(sum(
            case
                when slots.send_date > {{ add_days(send_date(), '-ranked_caps.window_days') }} then 1
                else 0
            end
        ) as integer) as used_in_window,
        cast(sum(
            case
                when {{ month_start('slots.send_date') }} = {{ month_start(send_date()) }} then 1
                else 0
            end
        ) as integer) as used_in_month
    from ranked_caps
    inner join slots
        on
            ranked_caps.profile_id = slots.profile_id
            and ranked_caps.channel = slots.channel
    where ranked_caps.generality = 1
    group by
        ranked_caps.profile_id,
        ranked_caps.channel
),

used_by_person as (
    select
        profile_id,
        cast(count(*) as integer) as used_in_30_days
    from slots
    where send_date > {{ add_days(send_date(), -30) }}
    group by profile_id
)

select
    candidates.scenario_id,
    candidates.profile_id,
    candidates.entry_key,
    candidates.step,
    candidates.channel,
    coalesce(
        suppressed_channels.reason,
        channel_permissions.stopped_by,
        paused_profiles.reason,
        case when isolations.profile_id is not null then 'isolated' end
    ) as suppressed_by,
    candidates.precedence,
    cast({{ place_in_list('candidates.channels', 'candidates.channel') }} as bigint) as place_in_scenario,
    coalesce(used.used_in_window, 0) as used_in_window,
    coalesce(used.used_in_month, 0) as used_in_month,
    coalesce(used_by_person.used_in_30_days, 0) as used_in_30_days,
    ranked_caps.max_messages,
    ranked_caps.max_per_calendar_month,
    tiers.max_messages_30_days,
    candidates.channel_cost_amount,
    candidates.is_worth_its_cost,
    addresses.channel is not null as is_reachable,
    coalesce(channel_permissions.is_consented, false) as is_consented,
    channel_permissions.stopped_by is null
    and suppressed_channels.channel is null
    and paused_profiles.channel is null
    and isolations.profile_id is null as is_not_suppressed,
    coalesce(coalesce(used.used_in_window, 0) < ranked_caps.max_messages, true)
    and coalesce(coalesce(used.used_in_month, 0) < ranked_caps.max_per_calendar_month, true)
    and coalesce(coalesce(used_by_person.used_in_30_days, 0) < tiers.max_messages_30_days, true) as is_under_cap,
    coalesce(plans.preferred_channel = candidates.channel, false) as is_preferred,
    coalesce(plans.responsive_channel = candidates.channel, false) as is_responsive,
    coalesce({{ local_date('postponed.send_at') }}, {{ send_date() }}) as send_date,
    coalesce(postponed.send_at, plans.planned_at) as send_at
from candidates
left join addresses
    on
        candidates.profile_id = addresses.profile_id
        and candidates.channel = addresses.channel
left join channel_permissions
    on
        candidates.profile_id = channel_permissions.profile_id
        and candidates.channel = channel_permissions.channel
        and candidates.purpose = channel_permissions.purpose
left join suppressed_channels
    on
        candidates.profile_id = suppressed_channels.profile_id
        and candidates.channel = suppressed_channels.channel
left join paused_profiles
    on
        candidates.profile_id = paused_profiles.profile_id
        and candidates.channel = paused_profiles.channel
left join isolations
    on {{ key_if("candidates.channel <> 'ads'", 'candidates.profile_id') }} = isolations.profile_id
left join plans
    on candidates.profile_id = plans.profile_id
left join tiers
    on candidates.profile_id = tiers.profile_id
left join ranked_caps
    on
        candidates.profile_id = ranked_caps.profile_id
        and candidates.channel = ranked_caps.channel
        and ranked_caps.generality = 1
left join used
    on
        candidates.profile_id = used.profile_id
        and candidates.channel = used.channel
left join used_by_person
    on candidates.profile_id = used_by_person.profile_id
left join postponed
    on
        candidates.profile_id = postponed.profile_id
        and candidates.channel = postponed.channel
