{{ config(access='protected') }}
-- Who must not be held by a platform any more, under every id the person ever had: the state as of the date, whenever
-- it was said, because a platform may have received the person years ago. No contact details: what was sent under which
-- id stands in the export's own ledger.
with

profiles as (
    select * from {{ ref('dim_profiles') }}
),

profile_merges as (
    select * from {{ ref('profile_merges') }}
),

consents as (
    select * from {{ ref('fct_consents') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

suppressions as (
    select * from {{ ref('suppressions') }}
),

erasures as (
    select
        profile_id,
        '*' as channel,
        '*' as purpose,
        'erased' as reason,
        1 as severity,
        cast({{ as_of_date() }} as timestamp) as withdrawn_at
    from profiles
    where has_erasure_request
),

-- an explicit no, or a yes taken back; whoever was never asked was never sent
refusals as (
    select
        profile_id,
        channel,
        purpose,
        'consent_withdrawn' as reason,
        3 as severity,
        valid_from as withdrawn_at
    from consents
    where
        not is_granted
        and {{ holds_as_of('valid_from', 'valid_to') }}
),

last_grants as (
    select
        profile_id,
        channel,
        max(valid_from) as granted_at
    from consents
    where
        status = 'granted'
        and purpose = 'marketing'
        and {{ happened_by('valid_from') }}
    group by
        profile_id,
        channel
),

stop_events as (
    select
        profile_id,
        channel,
        first_unsubscribed_at as stopped_at
    from messages
    where {{ happened_by('first_unsubscribed_at') }}
    union all
    select
        profile_id,
        channel,
        first_complained_at as stopped_at
    from messages
    where {{ happened_by('first_complained_at') }}
),

unsubscriptions as (
    select
        stop_events.profile_id,
        stop_events.channel,
        '*' as purpose,
        'unsubscribed' as reason,
        2 as severity,
        max(stop_events.stopped_at) as withdrawn_at
    from stop_events
    left join last_grants
        on
            stop_events.profile_id = last_grants.profile_id
            and stop_events.channel = last_grants.channel
    where
        last_grants.granted_at is null
        or last_grants.granted_at <= stop_events.stopped_at
    group by
        stop_events.profile_id,
        stop_events.channel
),

suppressed as (
    select
        coalesce(profile_merges.new_profile_id, suppressions.profile_id) as profile_id,
        suppressions.channel,
        '*' as purpose,
        'unsubscribed' as reason,
        2 as severity,
        cast(suppressions.valid_from_date as timestamp) as withdrawn_at
    from suppressions
    left join profile_merges
        on suppressions.profile_id = profile_merges.old_profile_id
    where
        suppressions.valid_from_date <= {{ as_of_date() }}
        and (suppressions.valid_to_date is null or suppressions.valid_to_date > {{ as_of_date() }})
),

withdrawals as (
    select * from erasures
    union all
    select * from refusals
    union all
    select * from unsubscriptions
    union all
    select * from suppressed
),

ids as (
    select
        profile_id,
        profile_id as known_as
    from profiles
    union all
    select
        new_profile_id as profile_id,
        old_profile_id as known_as
    from profile_merges
),

ranked as (
    select
        ids.known_as as profile_id,
        withdrawals.channel,
        withdrawals.purpose,
        withdrawals.reason,
        withdrawals.withdrawn_at,
        row_number() over (
            partition by ids.known_as, withdrawals.channel, withdrawals.purpose
            order by withdrawals.severity asc nulls last, withdrawals.withdrawn_at asc nulls last
        ) as place
    from withdrawals
    inner join ids
        on withdrawals.profile_id = ids.profile_id
)

select
    profile_id,
    channel,
    purpose,
    reason,
    withdrawn_at
from ranked
where place = 1
