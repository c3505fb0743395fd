-- Who was silent for a year or more at a month end and could be written to by e-mail, and who had never bought by then
-- and could be reached at all; what was known of them, and, once half a year has passed, who showed a sign of life.
{%- set horizon = score_horizon_days() %}

with

profiles as (
    select * from {{ ref('profiles') }}
),

dim_months as (
    select * from {{ ref('dim_months') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

observed_sources as (
    select *
    from {{ ref('observed_sources') }}
    where is_from_person
),

messages as (
    select *
    from {{ ref('fct_messages') }}
    where channel = 'email' and first_not_sent_at is null
),

contactable_times as (
    select * from {{ ref('contactable_times') }}
),

contest_entries as (
    select *
    from {{ ref('fct_web_events') }}
    where form_type = 'contest'
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

bins as (
    select
        score,
        attribute,
        bin,
        min_value,
        lead(min_value) over (partition by score, attribute order by min_value asc nulls last) as next_min_value
    from {{ ref('silence_score_bins') }}
),

observed_since as (
    select min(observed_from_date) as observed_from_date
    from observed_sources
),

months_back as (
    {{ whole_numbers('months_ago', 0, score_months()) }}
),

newest_month as (
    select max(segment_month) as segment_month
    from dim_months
),

spine as (
    select {{ add_months('newest_month.segment_month', '-months_back.months_ago') }} as segment_month
    from newest_month
    cross join months_back
    where newest_month.segment_month is not null
),

-- somebody can be silent for a year once signs of life are recorded for one
months as (
    select
        spine.segment_month,
        {{ month_end('spine.segment_month') }} as month_end_date,
        {{ local_to_utc(published_at('spine.segment_month')) }} as ended_at,
        {{ add_days(month_end('spine.segment_month'), horizon) }}
        <= {{ month_end(newest_closed_month()) }} as is_matured
    from spine
    cross join observed_since
    where {{ month_end('spine.segment_month') }} >= {{ add_days('observed_since.observed_from_date', 365) }}
),

-- whoever never showed a sign of life is silent since she is known
starts as (
    select
        interactions.profile_id,
        interactions.occurred_date,
        1 as is_sign,
        observed_sources.observed_from_date
    from interactions
    inner join observed_sources
        on
            interactions.interaction_kind = observed_sources.interaction_kind
            and interactions.channel = observed_sources.channel
    where interactions.is_from_person
    union all
    select
        profile_id,
        created_date as occurred_date,
        0 as is_sign,
        cast(null as date) as observed_from_date
    from profiles
),

start_days as (
    select
        profile_id,
        occurred_date,
        max(is_sign) as is_sign,
        min(observed_from_date) as observed_from_date
    from starts
    group by profile_id, occurred_date
),

gaps as (
    select
        profile_id,
        occurred_date as silent_from_date,
        sum(is_sign) over (
            partition by profile_id
            order by occurred_date asc nulls last
            rows between unbounded preceding and current row
        ) as sign_days,
        lead(occurred_date) over (partition by profile_id order by occurred_date asc nulls last) as next_date
    from start_days
),

first_orders as (
    select
        profile_id,
        min(order_date) as first_order_date
    from profile_days
    where orders > 0
    group by profile_id
),

first_entries as (
    select
        profile_id,
        min(occurred_date) as first_entry_date
    from contest_entries
    group by profile_id
),

-- a buyer who was heard of within the year is nobody's candidate, and her many gaps are left out first
open_gaps as (
    select
        gaps.*,
        first_orders.first_order_date
    from gaps
    left join first_orders on gaps.profile_id = first_orders.profile_id
    {{ anti_join() }} denials on gaps.profile_id = denials.profile_id
    where
        first_orders.first_order_date is null
        or gaps.silent_from_date < first_orders.first_order_date
        or gaps.next_date is null
        or gaps.next_date > {{ add_days('gaps.silent_from_date', 365) }}
),

quiet as (
    select
        open_gaps.profile_id,
        open_gaps.silent_from_date,
        open_gaps.sign_days,
        months.segment_month,
        months.month_end_date,
        months.ended_at,
        months.is_matured,
        open_gaps.first_order_date is null or open_gaps.first_order_date > months.month_end_date as is_prospect,
        {{ days_between('open_gaps.silent_from_date', 'months.month_end_date') }} as days_silent
    from open_gaps
    inner join months
        on
            open_gaps.silent_from_date <= months.month_end_date
            and (open_gaps.next_date is null or open_gaps.next_date > months.month_end_date)
),

reachable as (
    select
        quiet.profile_id,
        quiet.silent_from_date,
        quiet.sign_days,
        quiet.segment_month,
        quiet.month_end_date,
        quiet.is_matured,
        quiet.is_prospect,
        quiet.days_silent,
        max(case when contactable_times.channel = 'email' then 1 else 0 end) = 1 as is_mailable
    from quiet
    inner join contactable_times
        on
            quiet.profile_id = contactable_times.profile_id
            and {{ is_valid_at(
                'quiet.ended_at', 'contactable_times.contactable_from', 'contactable_times.contactable_to'
            ) }}
    where
        {{ planned_once() }}
        and (quiet.is_prospect or quiet.days_silent >= 365)
    group by
        quiet.profile_id,
        quiet.silent_from_date,
        quiet.sign_days,
        quiet.segment_month,
        quiet.month_end_date,
        quiet.is_matured,
        quiet.is_prospect,
        quiet.days_silent
),

message_months as (
    select
        profile_id,
        {{ month_start('sent_date') }} as message_month,
        1 as sent,
        case when is_open_observed then 1 else 0 end as observed,
        0 as opened
    from messages
    union all
    select
        profile_id,
        {{ month_start(local_date('first_opened_at')) }} as message_month,
        0 as sent,
        0 as observed,
        1 as opened
    from messages
    where first_opened_at is not null
),

messages_by_month as (
    select
        profile_id,
        message_month,
        sum(sent) as sent,
        sum(observed) as observed,
        sum(opened) as opened
    from message_months
    group by profile_id, message_month
),

mail as (
    select
        reachable.profile_id,
        reachable.segment_month,
        sum(case when messages_by_month.message_month <= reachable.segment_month then messages_by_month.observed end)
            as observed,
        sum(case when messages_by_month.message_month <= reachable.segment_month then messages_by_month.opened end)
            as opened,
        sum(case when messages_by_month.message_month <= reachable.segment_month then messages_by_month.sent end)
            as sent_before,
        sum(case when messages_by_month.message_month > reachable.segment_month then messages_by_month.sent end)
            as sent_after
    from reachable
    inner join messages_by_month
        on
            reachable.profile_id = messages_by_month.profile_id
            and messages_by_month.message_month > {{ add_months('reachable.segment_month', -12) }}
            and messages_by_month.message_month <= {{ add_months('reachable.segment_month', 6) }}
    group by reachable.profile_id, reachable.segment_month
),

purchases as (
    select
        reachable.profile_id,
        reachable.segment_month,
        sum(profile_days.orders) as orders,
        sum(profile_days.net_amount) as net_amount
    from reachable
    inner join profile_days
        on
            reachable.profile_id = profile_days.profile_id
            and profile_days.order_date <= reachable.month_end_date
    group by reachable.profile_id, reachable.segment_month
),

purchases_after as (
    select
        reachable.profile_id,
        reachable.segment_month,
        sum(profile_days.net_amount) as net_amount
    from reachable
    inner join profile_days
        on
            reachable.profile_id = profile_days.profile_id
            and profile_days.order_date > reachable.month_end_date
            and profile_days.order_date <= {{ add_days('reachable.month_end_date', horizon) }}
    where reachable.is_matured
    group by reachable.profile_id, reachable.segment_month
),

returns as (
    select distinct
        reachable.profile_id,
        reachable.segment_month
    from reachable
    inner join start_days
        on
            reachable.profile_id = start_days.profile_id
            and start_days.occurred_date > reachable.month_end_date
            and start_days.occurred_date <= {{ add_days('reachable.month_end_date', horizon) }}
            -- null of who only became known on that day
            and start_days.observed_from_date <= reachable.month_end_date
    where reachable.is_matured
),

measured as (
    select
        reachable.profile_id,
        reachable.segment_month,
        reachable.month_end_date,
        reachable.silent_from_date,
        reachable.sign_days,
        reachable.days_silent,
        reachable.is_matured,
        reachable.is_prospect,
        reachable.is_mailable,
        reachable.days_silent >= 365 or coalesce(first_entries.first_entry_date <= reachable.month_end_date, false)
            as is_silent_or_entrant,
        -- when no message of the year could tell, nobody knows whether she reads
        case when coalesce(mail.observed, 0) > 0 then mail.opened end as opens,
        coalesce(mail.sent_before, 0) as messages_before,
        coalesce(mail.sent_after, 0) as messages_after,
        coalesce(purchases.orders, 0) as orders,
        coalesce(purchases.net_amount, 0) as net_amount,
        case when reachable.is_matured then coalesce(purchases_after.net_amount, 0) end as net_amount_after,
        case
            when reachable.is_matured then returns.profile_id is not null
        end as has_returned
    from reachable
    left join mail
        on reachable.profile_id = mail.profile_id and reachable.segment_month = mail.segment_month
    left join purchases
        on reachable.profile_id = purchases.profile_id and reachable.segment_month = purchases.segment_month
    left join purchases_after
        on
            reachable.profile_id = purchases_after.profile_id
            and reachable.segment_month = purchases_after.segment_month
    left join returns
        on reachable.profile_id = returns.profile_id and reachable.segment_month = returns.segment_month
    left join first_entries on reachable.profile_id = first_entries.profile_id
),

-- who is like those who came is learned from prospects who had been given up or came by a contest, and told of all
candidates as (
    select
        measured.*,
        'reactivation' as score,
        true as is_learned_from
    from measured
    where is_mailable and days_silent >= 365
    union all
    select
        measured.*,
        'lookalike' as score,
        is_silent_or_entrant as is_learned_from
    from measured
    where is_prospect
),

binned as (
    select
        candidates.*,
        coalesce(opens_bins.bin, 0) as opens_bin,
        coalesce(silence_bins.bin, 0) as silence_bin,
        coalesce(orders_bins.bin, 0) as orders_bin,
        coalesce(value_bins.bin, 0) as value_bin,
        coalesce(signs_bins.bin, 0) as signs_bin
    from candidates
    {% for attribute, value in {
        'opens': 'candidates.opens',
        'silence': 'candidates.days_silent',
        'orders': 'candidates.orders',
        'value': 'case when candidates.orders > 0 then greatest(candidates.net_amount, 0) end',
        'signs': 'candidates.sign_days',
    }.items() -%}
        left join bins as {{ attribute }}_bins
            on
                candidates.score = {{ attribute }}_bins.score
                and {{ attribute }}_bins.attribute = '{{ attribute }}'
                and {{ value }} >= {{ attribute }}_bins.min_value
                and (
                    {{ attribute }}_bins.next_min_value is null
                    or {{ value }} < {{ attribute }}_bins.next_min_value
                )
    {% endfor %}
)

select
    score,
    profile_id,
    opens_bin,
    silence_bin,
    orders_bin,
    value_bin,
    signs_bin,
    days_silent,
    cast(sign_days as integer) as sign_days,
    cast(opens as integer) as opens,
    cast(messages_before as integer) as messages_before,
    cast(messages_after as integer) as messages_after,
    cast(orders as integer) as orders,
    cast(net_amount as decimal(18, 2)) as net_amount,
    cast(net_amount_after as decimal(18, 2)) as net_amount_after,
    is_matured,
    is_learned_from,
    has_returned,
    segment_month,
    month_end_date,
    silent_from_date
from binned
