-- Did as many show a sign of life as was foretold, by what could be known at the time? Only months whose half year has
-- passed. All of it is asked of the likelihood that was told: the scorecard's, at the level that was known by then.
with

scores as (
    select *
    from {{ ref('silence_scores') }}
    where is_matured
),

-- people who are scored alike are counted together
points as (
    select
        score,
        segment_month,
        log_odds,
        count(*) as profiles,
        sum(case when has_returned then 1 else 0 end) as returned_profiles
    from scores
    group by score, segment_month, log_odds
),

totals as (
    select
        score,
        segment_month,
        cast(sum(profiles) as double) as profiles,
        cast(sum(returned_profiles) as double) as returned_profiles,
        cast(sum(cast(profiles * {{ logistic('log_odds') }} as decimal(28, 12))) as double) as expected_profiles
    from points
    group by score, segment_month
),

-- What would have to be added to the log odds of all for as many to be foretold as came, at a first guess. It is the
-- same for everybody, so that nobody is told more than somebody who has more for it. Too few say nothing.
level_0 as (
    select
        score,
        segment_month,
        ln(returned_profiles / (profiles - returned_profiles))
        - ln(expected_profiles / (profiles - expected_profiles)) as log_odds_shift
    from totals
    where
        profiles >= 50
        and returned_profiles >= 5
        and profiles - returned_profiles >= 5
),

{% for step in range(1, 6) -%}
    likelihoods_{{ step }} as (
        select
            points.score,
            points.segment_month,
            points.profiles,
            points.returned_profiles,
            level_{{ step - 1 }}.log_odds_shift,
            {{ logistic('points.log_odds + level_' ~ (step - 1) ~ '.log_odds_shift') }} as likelihood
        from points
        inner join level_{{ step - 1 }}
            on
                points.score = level_{{ step - 1 }}.score
                and points.segment_month = level_{{ step - 1 }}.segment_month
    ),

    -- nearer by what is still missing (Newton)
    level_{{ step }} as (
        select
            score,
            segment_month,
            max(log_odds_shift)
            + (sum(returned_profiles) - cast(sum(cast(profiles * likelihood as decimal(28, 12))) as double))
            / cast(sum(cast(profiles * likelihood * (1 - likelihood) as decimal(28, 12))) as double) as log_odds_shift
        from likelihoods_{{ step }}
        group by score, segment_month
    ),

{% endfor -%}
months as (
    select distinct
        score,
        segment_month,
        month_end_date
    from scores
),

-- what had come of the newest month that had passed its half year by then
known as (
    select
        later.score,
        later.segment_month,
        max(earlier.segment_month) as known_month
    from months as later
    inner join months as earlier
        on
            later.score = earlier.score
            and {{ add_days('earlier.month_end_date', score_horizon_days()) }} <= later.month_end_date
    group by later.score, later.segment_month
),

known_levels as (
    select
        known.score,
        known.segment_month,
        level_5.log_odds_shift
    from known
    inner join level_5 on known.score = level_5.score and known.known_month = level_5.segment_month
),

told as (
    select
        scores.score,
        scores.segment_month,
        scores.band,
        scores.messages_after,
        scores.days_silent,
        case when scores.has_returned then 1 else 0 end as returned,
        {{ told_likelihood('scores.log_odds', 'known_levels.log_odds_shift') }} as likelihood
    from scores
    left join known_levels
        on scores.score = known_levels.score and scores.segment_month = known_levels.segment_month
),

ranked as (
    select
        told.*,
        -- people who are told the same share the middle of their places
        rank() over (partition by score, segment_month order by likelihood asc nulls last)
        + (count(*) over (partition by score, segment_month, likelihood) - 1) / cast(2 as double) as score_place,
        rank() over (partition by score, segment_month order by days_silent desc nulls last)
        + (count(*) over (partition by score, segment_month, days_silent) - 1) / cast(2 as double) as recency_place
    from told
),

worth as (
    select
        score,
        segment_month,
        count(*) as profiles,
        sum(returned) as returned_profiles,
        sum(case when returned = 1 then score_place else 0 end) as score_places,
        sum(case when returned = 1 then recency_place else 0 end) as recency_places
    from ranked
    group by score, segment_month
),

measured as (
    select
        worth.score,
        worth.segment_month,
        {% for column in ['score', 'recency'] -%}
            (
                worth.{{ column }}_places
                - worth.returned_profiles * (worth.returned_profiles + 1) / cast(2 as double)
            )
            / nullif(cast(worth.returned_profiles as double) * (worth.profiles - worth.returned_profiles), 0)
                as {{ column }}_auc,
        {% endfor %}
        -- far more exactly than it is known, so that every engine says the same
        coalesce(round(level_5.log_odds_shift, 9), 0) as log_odds_shift
    from worth
    left join level_5 on worth.score = level_5.score and worth.segment_month = level_5.segment_month
),

bands as (
    select
        score,
        segment_month,
        band,
        count(*) as profiles,
        sum(returned) as returned_profiles,
        cast(sum(cast(likelihood as decimal(18, 12))) as double) as expected_profiles,
        cast(sum(messages_after) as double) as messages
    from ranked
    group by score, segment_month, band
)

select
    bands.score,
    cast(bands.band as integer) as band,
    cast(bands.profiles as bigint) as profiles,
    cast(bands.returned_profiles as bigint) as returned_profiles,
    bands.expected_profiles / bands.profiles as predicted_return_share,
    cast(bands.returned_profiles as double) / bands.profiles as observed_return_share,
    bands.messages / bands.profiles as mean_messages,
    cast(measured.score_auc as double) as score_auc,
    cast(measured.recency_auc as double) as recency_auc,
    cast(measured.log_odds_shift as double) as log_odds_shift,
    bands.segment_month
from bands
inner join measured on bands.score = measured.score and bands.segment_month = measured.segment_month
