-- Did as many of the silent return as was foretold, by what could be known at the time? Only months whose half year has
-- passed.
with

scores as (
    select *
    from {{ ref('reactivation_scores') }}
    where is_matured
),

ranked as (
    select
        scores.*,
        case when has_returned then 1 else 0 end as returned,
        -- people who are scored alike share the middle of their places
        rank() over (partition by segment_month order by raw_probability asc nulls last)
        + (count(*) over (partition by segment_month, raw_probability) - 1) / cast(2 as double) as score_place,
        rank() over (partition by segment_month order by days_silent desc nulls last)
        + (count(*) over (partition by segment_month, days_silent) - 1) / cast(2 as double) as recency_place
    from scores
),

worth as (
    select
        segment_month,
        month_end_date,
        count(*) as profiles,
        sum(returned) as returned_profiles,
        cast(sum(cast(raw_probability as decimal(18, 12))) as double) as raw_expected,
        sum(case when returned = 1 then score_place else 0 end) as score_places,
        sum(case when returned = 1 then recency_place else 0 end) as recency_places
    from ranked
    group by segment_month, month_end_date
),

measured as (
    select
        segment_month,
        month_end_date,
        {% for column in ['score', 'recency'] -%}
            ({{ column }}_places - returned_profiles * (returned_profiles + 1) / cast(2 as double))
            / nullif(cast(returned_profiles as double) * (profiles - returned_profiles), 0) as {{ column }}_auc,
        {% endfor %}
        case when profiles >= 50 and returned_profiles >= 5 then returned_profiles / raw_expected else 1 end
            as month_correction
    from worth
),

bands as (
    select
        segment_month,
        band,
        count(*) as profiles,
        sum(returned) as returned_profiles,
        cast(sum(cast(raw_probability as decimal(18, 12))) as double) as raw_expected,
        cast(sum(messages_after) as double) as messages
    from ranked
    group by segment_month, band
),

-- too few people or returns of a band say nothing of it: what is true of the month is taken
corrected as (
    select
        bands.*,
        measured.month_end_date,
        measured.score_auc,
        measured.recency_auc,
        measured.month_correction,
        case
            when bands.profiles >= 50 and bands.returned_profiles >= 5 then bands.returned_profiles / bands.raw_expected
            else measured.month_correction
        end as band_correction
    from bands
    inner join measured on bands.segment_month = measured.segment_month
),

-- what had come of the newest month that had passed its half year by then
known as (
    select
        later.segment_month,
        max(earlier.segment_month) as known_month
    from measured as later
    inner join measured as earlier
        on {{ add_days('earlier.month_end_date', reactivation_horizon_days()) }} <= later.month_end_date
    group by later.segment_month
),

predicted as (
    select
        corrected.*,
        coalesce(known_bands.band_correction, known_months.month_correction, 1) as applied_correction
    from corrected
    left join known on corrected.segment_month = known.segment_month
    left join corrected as known_bands
        on known.known_month = known_bands.segment_month and corrected.band = known_bands.band
    left join measured as known_months
        on known.known_month = known_months.segment_month
)

select
    'reactivation' as score,
    cast(band as integer) as band,
    cast(profiles as bigint) as profiles,
    cast(returned_profiles as bigint) as returned_profiles,
    raw_expected * applied_correction / profiles as predicted_return_share,
    cast(returned_profiles as double) / profiles as observed_return_share,
    messages / profiles as mean_messages,
    cast(score_auc as double) as score_auc,
    cast(recency_auc as double) as recency_auc,
    cast(band_correction as double) as band_correction,
    cast(month_correction as double) as month_correction,
    segment_month
from predicted
