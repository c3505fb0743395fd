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

channel_permissions as (
    select * from {{ ref('channel_permissions') }}
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

-- whoever said no and not yes since; whoever was never asked was never sent
refusals as (
    select
        profile_id,
        channel,
        purpose,
        closed_by as reason,
        3 as severity,
        closed_at as withdrawn_at
    from channel_permissions
    where closed_by is not null
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
