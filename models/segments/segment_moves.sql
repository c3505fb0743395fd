{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{{ derive_newest_month_again() }}",
    )
}}
-- Segment and rung come from the snapshot, the causes from rfm_published. A month's moves follow from what was
-- published up to it, so that appending the newest month gives the same rows as computing all of them (a test compares
-- the two).

with

stays as (
    select
        profile_id,
        segment,
        threshold_version,
        rung,
        dbt_valid_from as valid_from,
        dbt_valid_to as valid_to
    from {{ ref('rfm_segments') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

value_published as (
    select * from {{ ref('value_published') }}
),

profile_split_history as (
    select * from {{ ref('profile_split_history') }}
),

publications as (
    select
        segment_month,
        is_warm_up,
        max(published_as_of_date) as published_as_of_date
    from rfm_published
    group by
        segment_month,
        is_warm_up
),

published_months as (
    select
        segment_month,
        is_warm_up,
        published_as_of_date,
        lag(published_as_of_date, 1) over (order by segment_month asc nulls last) as previous_as_of_date,
        lag(published_as_of_date, 2) over (order by segment_month asc nulls last) as second_previous_as_of_date,
        {{ published_at('segment_month') }} as published_at,
        {{ published_at(add_months('segment_month', -1)) }} as previous_published_at,
        {{ published_at(add_months('segment_month', -2)) }} as second_previous_published_at
    from publications
),

-- moves start after the warm-up; its last month is the first that a move is measured from
warm_up as (
    select
        coalesce(
            max(case when is_warm_up then published_at end), min(published_at)
        ) as measured_from
    from published_months
),

months as (
    select
        published_months.*,
        warm_up.measured_from
    from published_months
    cross join warm_up
    where
        not published_months.is_warm_up
        and {{ is_not_kept_yet('published_months.segment_month') }}
),

standing as (
    select
        stays.*,
        months.segment_month,
        months.published_at,
        months.previous_published_at,
        months.second_previous_published_at,
        months.measured_from
    from months
    inner join stays on {{ is_valid_at('months.published_at', 'stays.valid_from', 'stays.valid_to') }}
),

standing_before as (
    select
        stays.*,
        months.segment_month
    from months
    inner join stays on {{ is_valid_at('months.previous_published_at', 'stays.valid_from', 'stays.valid_to') }}
),

standing_two_before as (
    select
        stays.*,
        months.segment_month
    from months
    inner join stays
        on
            {{ is_valid_at('months.second_previous_published_at', 'stays.valid_from', 'stays.valid_to') }}
            and months.second_previous_published_at >= months.measured_from
),

-- whoever was one person with somebody else stands on her own orders from the first month on that was published after
partings as (
    select
        profile_split_history.profile_id,
        profile_split_history.split_as_of_date,
        min(published_months.published_at) as own_from
    from profile_split_history
    inner join published_months
        on profile_split_history.split_as_of_date <= published_months.published_as_of_date
    group by
        profile_split_history.profile_id,
        profile_split_history.split_as_of_date
),

own_ladders as (
    select
        standing.profile_id,
        standing.segment_month,
        max(partings.own_from) as own_from
    from standing
    inner join partings
        on
            standing.profile_id = partings.profile_id
            and standing.published_at >= partings.own_from
    group by
        standing.profile_id,
        standing.segment_month
),

-- The rung before the current spell below is the highest one published so far: a spell below lasts until it is reached
-- again. Another threshold version is another ladder, and so are the orders of two.
earlier_stays as (
    select
        standing.profile_id,
        standing.segment_month,
        standing.previous_published_at,
        stays.rung,
        stays.valid_from,
        stays.valid_to,
        max(stays.rung) over (partition by standing.profile_id, standing.segment_month) as highest_rung
    from standing
    left join own_ladders
        on
            standing.profile_id = own_ladders.profile_id
            and standing.segment_month = own_ladders.segment_month
    inner join stays
        on
            standing.profile_id = stays.profile_id
            and standing.threshold_version = stays.threshold_version
            and stays.valid_from <= standing.previous_published_at
            and (
                stays.valid_to is null
                or stays.valid_to
                > greatest(standing.measured_from, coalesce(own_ladders.own_from, standing.measured_from))
            )
),

reference as (
    select
        profile_id,
        segment_month,
        highest_rung,
        -- null while she still stands there; else the month end at which she was first below
        case when count(*) = count(valid_to) then max(valid_to) end as left_at
    from earlier_stays
    where rung = highest_rung
    group by
        profile_id,
        segment_month,
        highest_rung
),

-- whoever was one person with somebody else when the months before were published stood there with the orders of both
splits as (
    select
        profile_split_history.profile_id,
        months.segment_month,
        max(
            case
                when profile_split_history.split_as_of_date > months.previous_as_of_date then 1
                else 0
            end
        ) as splits_since_month_before
    from months
    inner join profile_split_history
        on
            profile_split_history.split_as_of_date > coalesce(
                months.second_previous_as_of_date, months.previous_as_of_date
            )
            and profile_split_history.split_as_of_date <= months.published_as_of_date
    group by
        profile_split_history.profile_id,
        months.segment_month
),

compared as (
    select
        standing.profile_id,
        standing.segment as to_segment,
        standing_before.segment as from_segment,
        standing.threshold_version,
        standing.rung as to_rung,
        standing_before.rung as from_rung,
        standing_two_before.rung as from_rung_two_months_ago,
        standing.segment_month,
        standing.published_at,
        reference.highest_rung,
        coalesce(reference.left_at, standing.published_at) as left_reference_at,
        standing_before.threshold_version is null as is_first,
        standing_before.threshold_version <> standing.threshold_version
        or coalesce(splits.splits_since_month_before, 0) = 1 as is_recalibrated,
        coalesce(standing_two_before.threshold_version = standing.threshold_version, false)
        and splits.profile_id is null as has_two_months
    from standing
    left join standing_before
        on
            standing.profile_id = standing_before.profile_id
            and standing.segment_month = standing_before.segment_month
    left join standing_two_before
        on
            standing.profile_id = standing_two_before.profile_id
            and standing.segment_month = standing_two_before.segment_month
    left join reference
        on
            standing.profile_id = reference.profile_id
            and standing.segment_month = reference.segment_month
    left join splits
        on
            standing.profile_id = splits.profile_id
            and standing.segment_month = splits.segment_month
),

directed as (
    select
        *,
        greatest(coalesce(highest_rung, to_rung), to_rung) as reference_rung,
        case
            when is_first then 'first'
            when is_recalibrated then 'recalibrated'
            when to_rung < from_rung then 'down'
            when to_rung = from_rung then 'same'
            when from_rung < highest_rung and to_rung >= highest_rung then 'back'
            else 'up'
        end as direction
    from compared
),

raw_values as (
    select
        profile_id,
        recency_days,
        frequency,
        monetary_amount,
        r_score,
        fm_score,
        segment_month,
        {{ add_months('segment_month', 1) }} as next_month
    from rfm_published
),

explained as (
    select
        directed.*,
        values_now.r_score < values_before.r_score as r_score_fell,
        values_now.fm_score < values_before.fm_score as fm_score_fell,
        -- What she may be expected not to spend in the next 28 days: what as many were worth before, if she stays away.
        -- Who gave back more than she bought has nothing to lose.
        cast(
            value_published.silent_28_probability
            * case when values_before.monetary_amount < 0 then 0 else values_before.monetary_amount end
            * 28 / {{ setting('rfm_window_days') }} as decimal(18, 2)
        ) as expected_loss_amount,
        values_now.recency_days > values_before.recency_days
        or values_now.frequency < values_before.frequency
        or values_now.monetary_amount < values_before.monetary_amount as own_worse
    from directed
    left join raw_values as values_now
        on
            directed.profile_id = values_now.profile_id
            and directed.segment_month = values_now.segment_month
    left join raw_values as values_before
        on
            directed.profile_id = values_before.profile_id
            and directed.segment_month = values_before.next_month
    left join value_published
        on
            directed.profile_id = value_published.profile_id
            and directed.segment_month = value_published.segment_month
),

signals as (
    select
        *,
        direction = 'down' as is_down,
        direction = 'down' and r_score_fell as is_attrition_signal,
        direction = 'down'
        and r_score_fell
        and expected_loss_amount >= {{ setting('min_expected_loss_amount') }} as is_costly_decline,
        direction not in ('first', 'recalibrated')
        and has_two_months
        and from_rung < from_rung_two_months_ago
        and to_rung < from_rung_two_months_ago as is_confirmed,
        direction = 'down'
        and to_rung <= {{ setting('signal_low_rung') }}
        and from_rung > {{ setting('signal_low_rung') }} as is_crossed
    from explained
)

select
    profile_id,
    from_segment,
    to_segment,
    direction,
    threshold_version,
    from_rung,
    to_rung,
    cast(reference_rung as integer) as reference_rung,
    cast(reference_rung - to_rung as integer) as steps_down,
    cast(
        case
            when to_rung < reference_rung
                then {{ months_between('left_reference_at', 'published_at') }} + 1
            else 0
        end as integer
    ) as months_below,
    expected_loss_amount,
    coalesce(r_score_fell, false) as r_score_fell,
    coalesce(fm_score_fell, false) as fm_score_fell,
    coalesce(own_worse, false) as own_worse,
    is_down,
    coalesce(is_attrition_signal, false) as is_attrition_signal,
    case when expected_loss_amount is not null then coalesce(is_costly_decline, false) end as is_costly_decline,
    coalesce(is_confirmed, false) as is_confirmed,
    is_crossed,
    segment_month
from signals
