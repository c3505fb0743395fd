-- Showed the first sign of life after being silent at the end of a published month. Whoever comes to complain or to ask
-- for help has not come back, nor has whoever shows up in a source by which nobody was silent yet. Subject: the tier
-- she was in; value: the days she was silent.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'returned'
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

observed_sources as (
    select * from {{ ref('observed_sources') }}
),

-- from the beginning of the month on, because its first sign is the one that counts
first_signs as (
    select
        interactions.profile_id,
        {{ month_start('interactions.occurred_date') }} as sign_month,
        min(interactions.occurred_date) as sign_date,
        min(interactions.occurred_at) as sign_at,
        min(
            case when interactions.interaction_kind in ('complaint', 'ticket') then interactions.occurred_at end
        ) as trouble_at
    from interactions
    inner join moment_windows
        on interactions.occurred_date >= {{ month_start('moment_windows.oldest_date') }}
    inner join observed_sources
        on
            interactions.interaction_kind = observed_sources.interaction_kind
            and interactions.channel = observed_sources.channel
            and {{ can_be_returned_to(
                'observed_sources.observed_from_date', month_start('interactions.occurred_date')
            ) }}
    where
        interactions.is_from_person
        and {{ happened_by('interactions.occurred_at') }}
    group by
        interactions.profile_id,
        {{ month_start('interactions.occurred_date') }}
),

returns as (
    select
        first_signs.profile_id,
        first_signs.sign_month,
        silence_published.engagement_tier,
        {{ days_between('silence_published.last_contact_date', 'first_signs.sign_date') }} as days_silent,
        first_signs.sign_date,
        first_signs.sign_at
    from first_signs
    inner join moment_windows
        on first_signs.sign_date >= moment_windows.oldest_date
    inner join silence_published
        on
            first_signs.profile_id = silence_published.profile_id
            and first_signs.sign_month = {{ add_months('silence_published.segment_month', 1) }}
    where
        silence_published.engagement_tier <> 'active'
        and (first_signs.trouble_at is null or first_signs.trouble_at > first_signs.sign_at)
)

select
    profile_id,
    'returned' as moment,
    cast(sign_month as string) as moment_key,
    cast(sign_month as string) as moment_reference,
    engagement_tier as subject,
    {{ json_object({'engagement_tier': 'engagement_tier', 'days_silent': 'days_silent'}) }} as reason_parameters,
    '{}' as personalisation,
    days_silent as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    sign_date as moment_date,
    sign_at as moment_at
from returns
