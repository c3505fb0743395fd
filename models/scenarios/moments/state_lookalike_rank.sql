-- Whom new customers should be like: best engaged, or come back and worth it, ranked by what they are expected to
-- spend. Subject: `returned` or `engaged`; value: the rank in the group, 1 = best.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'lookalike_rank'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

-- nothing of whoever denied profiling: there is no expected value, hence no rank
candidates as (
    select
        profiles.profile_id,
        profiles.expected_value_amount,
        case when profiles.has_returned then 'returned' else 'engaged' end as subject
    from profiles
    cross join moment_windows
    where
        profiles.expected_value_amount > 0
        and (profiles.has_returned or profiles.engagement_level = 'high')
),

ranked as (
    select
        *,
        row_number() over (
            partition by subject
            order by expected_value_amount desc nulls last, profile_id asc nulls last
        ) as place
    from candidates
)

select
    profile_id,
    'lookalike_rank' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    subject,
    {{ json_object({'subject': 'subject', 'place': 'place'}) }} as reason_parameters,
    {{ json_object({'lookalike_value': 'expected_value_amount'}) }} as personalisation,
    place as moment_value,
    expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from ranked
