-- How likely a message is opened and clicked, by person and channel: her own share, drawn to that of everybody.
with

messages as (
    select * from {{ ref('fct_messages') }}
),

months as (
    select * from {{ ref('dim_months') }}
    where segment_month = {{ newest_closed_month() }}
),

denials as (
    select * from {{ ref('profiling_denials') }}
),

rules as (
    {{- habit_rules() -}}
),

-- what may be known of what she got
delivered as (
    select
        messages.profile_id,
        messages.channel,
        case when messages.is_open_observed then 1 else 0 end as open_seen,
        case when messages.is_open_observed and messages.first_opened_at is not null then 1 else 0 end as opened,
        case when messages.is_click_observed then 1 else 0 end as click_seen,
        case when messages.is_click_observed and messages.first_clicked_at is not null then 1 else 0 end as clicked
    from messages
    cross join rules
    inner join months
        on
            messages.sent_date > {{ add_days('months.month_end_date', '-rules.response_window_days') }}
            and messages.sent_date <= months.month_end_date
    where messages.first_delivered_at is not null
),

own as (
    select
        profile_id,
        channel,
        sum(open_seen) as open_messages,
        sum(opened) as opens,
        sum(click_seen) as click_messages,
        sum(clicked) as clicks
    from delivered
    group by profile_id, channel
),

everybody as (
    select
        channel,
        cast(sum(opens) as double) / nullif(sum(open_messages), 0) as open_share,
        cast(sum(clicks) as double) / nullif(sum(click_messages), 0) as click_share
    from own
    group by channel
)

select
    own.profile_id,
    own.channel,
    case
        when denials.profile_id is not null then 'profiling_denied'
        when greatest(own.open_messages, own.click_messages) = 0 then 'unobservable'
        when greatest(own.open_messages, own.click_messages) < rules.response_min_messages then 'too_few_messages'
    end as no_appetency_reason,
    cast(own.open_messages as integer) as open_messages,
    cast(own.click_messages as integer) as click_messages,
    case
        when denials.profile_id is null and own.open_messages >= rules.response_min_messages
            then {{ shrunk_share('own.opens', 'own.open_messages', 'everybody.open_share', 'rules.open_weight') }}
    end as open_appetency,
    case
        when denials.profile_id is null and own.click_messages >= rules.response_min_messages
            then {{ shrunk_share('own.clicks', 'own.click_messages', 'everybody.click_share', 'rules.click_weight') }}
    end as click_appetency,
    months.segment_month
from own
inner join everybody on own.channel = everybody.channel
cross join rules
cross join months
left join denials on own.profile_id = denials.profile_id
