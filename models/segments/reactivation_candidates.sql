-- Who was silent for a year or more at a month end and could be written to by e-mail, what was known of her then, and,
-- once half a year has passed, whether she came back.
{%- set horizon = reactivation_horizon_days() %}

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

consents as (
    select *
    from {{ ref('fct_consents') }}
    where channel = 'email' and purpose = 'marketing' and is_granted
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

bins as (
    select
        attribute,
        bin,
        min_value,
        lead(min_value) over (partition by attribute order by min_value asc nulls last) as next_min_value
    from {{ ref('reactivation_bins') }}
),

observed_since as (
    select min(observed_from_date) as observed_from_date
    from observed_sources
),

digits as (
    {% for month in range(reactivation_months() + 1) -%}
        select {{ month }} as months_ago{{ ' union all' if not loop.last }}
    {% endfor %}
),

newest_month as (
    select max(segment_month) as segment_month
    from dim_months
),

spine as (
    select {{ add_months('newest_month.segment_month', '-digits.months_ago') }} as segment_month
    from newest_month
    cross join digits
    where newest_month.segment_month is not null
),

-- somebody can be silent for a year once signs of life are recorded for one
months as (
    select
        spine.segment_month,
        {{ month_end('spine.segment_month') }} as month_end_date,
        {{ published_at('spine.segment_month') }} as published_at,
        {{ add_days(month_end('spine.segment_month'), horizon) }}
        <= {{ month_end(newest_closed_month()) }} as is_matured
    from spine
    cross join observed_since
    where {{ month_end('spine.segment_month') }} >= {{ add_days('observed_since.observed_from_date', 365) }}
),

signs as (
    select
        interactions.profile_id,
        interactions.occurred_date,
        min(observed_sources.observed_from_date) as observed_from_date
    from interactions
    inner join observed_sources
        on
            interactions.interaction_kind = observed_sources.interaction_kind
            and interactions.channel = observed_sources.channel
    where interactions.is_from_person
    group by interactions.profile_id, interactions.occurred_date
),

-- whoever never showed a sign of life is silent since she is known
starts as (
    select
        profile_id,
        occurred_date
    from signs
    union
    select
        profile_id,
        created_date as occurred_date
    from profiles
),

gaps as (
    select
        profile_id,
        occurred_date as silent_from_date,
        lead(occurred_date) over (partition by profile_id order by occurred_date asc nulls last) as next_date
    from starts
),

silent as (
    select
        gaps.profile_id,
        gaps.silent_from_date,
        months.segment_month,
        months.month_end_date,
        months.published_at,
        months.is_matured,
        {{ days_between('gaps.silent_from_date', 'months.month_end_date') }} as days_silent
    from gaps
    inner join months
        on
            {{ add_days('gaps.silent_from_date', 365) }} <= months.month_end_date
            and (gaps.next_date is null or gaps.next_date > months.month_end_date)
    {{ anti_join() }} denials on gaps.profile_id = denials.profile_id
),

bounces as (
    select
        profile_id,
        min(first_bounced_hard_at) as bounced_at
    from messages
    group by profile_id
),

reachable as (
    select distinct
        silent.profile_id,
        silent.silent_from_date,
        silent.segment_month,
        silent.month_end_date,
        silent.is_matured,
        silent.days_silent
    from silent
    inner join consents
        on
            silent.profile_id = consents.profile_id
            and {{ is_valid_at('silent.published_at', 'consents.valid_from', 'consents.valid_to') }}
    left join bounces on silent.profile_id = bounces.profile_id
    where bounces.bounced_at is null or bounces.bounced_at >= silent.published_at
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
        {{ month_start('cast(first_opened_at as date)') }} as message_month,
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
    inner join signs
        on
            reachable.profile_id = signs.profile_id
            and signs.occurred_date > reachable.month_end_date
            and signs.occurred_date <= {{ add_days('reachable.month_end_date', horizon) }}
            and signs.observed_from_date <= reachable.month_end_date
    where reachable.is_matured
),

measured as (
    select
        reachable.profile_id,
        reachable.segment_month,
        reachable.month_end_date,
        reachable.silent_from_date,
        reachable.days_silent,
        reachable.is_matured,
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
),

binned as (
    select
        measured.*,
        coalesce(opens_bins.bin, 0) as opens_bin,
        coalesce(silence_bins.bin, 0) as silence_bin,
        coalesce(orders_bins.bin, 0) as orders_bin,
        coalesce(value_bins.bin, 0) as value_bin
    from measured
    {% for attribute, value in {
        'opens': 'measured.opens',
        'silence': 'measured.days_silent',
        'orders': 'measured.orders',
        'value': 'case when measured.orders > 0 then greatest(measured.net_amount, 0) end',
    }.items() -%}
        left join bins as {{ attribute }}_bins
            on
                {{ attribute }}_bins.attribute = '{{ attribute }}'
                and {{ value }} >= {{ attribute }}_bins.min_value
                and (
                    {{ attribute }}_bins.next_min_value is null
                    or {{ value }} < {{ attribute }}_bins.next_min_value
                )
    {% endfor %}
)

select
    profile_id,
    opens_bin,
    silence_bin,
    orders_bin,
    value_bin,
    days_silent,
    cast(opens as integer) as opens,
    cast(messages_before as integer) as messages_before,
    cast(messages_after as integer) as messages_after,
    cast(orders as integer) as orders,
    cast(net_amount as decimal(18, 2)) as net_amount,
    cast(net_amount_after as decimal(18, 2)) as net_amount_after,
    is_matured,
    has_returned,
    segment_month,
    month_end_date,
    silent_from_date
from binned
