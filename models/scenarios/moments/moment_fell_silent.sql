-- Fell into a deeper tier of silence in a month that was published, or bought nothing any more in the period of the
-- spend clusters. Subject: the tier, else `stopped_buying`; value: the days silent. In the month in which a setting
-- says anew what silent means nobody has fallen by it: else all whom it newly means would be written to at once.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'fell_silent'
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

value_published as (
    select * from {{ ref('value_published') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

months as (
    select distinct segment_month
    from value_published
),

-- in the first month that is published nobody has moved yet
open_months as (
    select
        months.segment_month,
        months_before.segment_month as month_before,
        {{ add_months('months.segment_month', 1) }} as published_date
    from months
    inner join months as months_before
        on months.segment_month = {{ add_months('months_before.segment_month', 1) }}
    inner join moment_windows
        on {{ add_months('months.segment_month', 1) }} >= moment_windows.oldest_date
),

tier_rules as (
    select
        segment_month,
        max(tier_rules) as tier_rules
    from silence_published
    group by segment_month
),

-- of months that do not tell their rules, they are taken to be the same
months_of_other_tiers as (
    select open_months.segment_month
    from open_months
    inner join tier_rules
        on open_months.segment_month = tier_rules.segment_month
    inner join tier_rules as rules_before
        on open_months.month_before = rules_before.segment_month
    where tier_rules.tier_rules <> rules_before.tier_rules
),

tiers as (
    select
        profile_id,
        engagement_tier,
        {{ place_in_list("'" ~ engagement_tiers() | join('>') ~ "'", 'engagement_tier') }} as depth,
        segment_month
    from silence_published
),

-- whoever is not told of is active
fallen_tiers as (
    select
        open_months.segment_month,
        tiers.profile_id,
        tiers.engagement_tier as subject
    from open_months
    inner join tiers
        on open_months.segment_month = tiers.segment_month
    left join tiers as tiers_before
        on
            tiers.profile_id = tiers_before.profile_id
            and open_months.month_before = tiers_before.segment_month
    left join months_of_other_tiers
        on open_months.segment_month = months_of_other_tiers.segment_month
    where
        tiers.depth > coalesce(tiers_before.depth, 1)
        and months_of_other_tiers.segment_month is null
),

lost_buyers as (
    select
        open_months.segment_month,
        value_published.profile_id,
        'stopped_buying' as subject
    from open_months
    inner join value_published
        on open_months.segment_month = value_published.segment_month
    inner join value_published as value_before
        on
            value_published.profile_id = value_before.profile_id
            and open_months.month_before = value_before.segment_month
    left join fallen_tiers
        on
            value_published.profile_id = fallen_tiers.profile_id
            and value_published.segment_month = fallen_tiers.segment_month
    where
        value_published.spend_cluster = 'inactive'
        and value_before.spend_cluster <> 'inactive'
        and coalesce(value_published.clv_period_days = value_before.clv_period_days, true)
        and fallen_tiers.profile_id is null
),

fallen as (
    select * from fallen_tiers
    union all
    select * from lost_buyers
),

-- what was foretold of whoever has denied it since counts for nothing
known as (
    select
        fallen.profile_id,
        fallen.subject,
        fallen.segment_month,
        case when profiling_denials.profile_id is null then silence_published.expected_return_amount end
            as expected_return_amount,
        {{ days_between('silence_published.last_contact_date', month_end('fallen.segment_month')) }} as days_silent,
        {{ add_months('fallen.segment_month', 1) }} as published_date
    from fallen
    left join silence_published
        on
            fallen.profile_id = silence_published.profile_id
            and fallen.segment_month = silence_published.segment_month
    left join profiling_denials
        on fallen.profile_id = profiling_denials.profile_id
)

-- whom it is not worth writing to by the score is left alone; of whom there is no score, nobody knows
select
    profile_id,
    'fell_silent' as moment,
    cast(segment_month as string) as moment_key,
    cast(segment_month as string) as moment_reference,
    subject,
    {{ json_object({'subject': 'subject', 'days_silent': 'days_silent'}) }} as reason_parameters,
    '{}' as personalisation,
    days_silent as moment_value,
    expected_return_amount as expected_value_amount,
    published_date as moment_date,
    cast(null as timestamp) as moment_at
from known
where coalesce(expected_return_amount, 1) > 0
