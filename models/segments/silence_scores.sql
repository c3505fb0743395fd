-- What the scorecards of each month said of the candidates of that month, before the level is set by what came of it.
with

candidates as (
    select * from {{ ref('silence_score_candidates') }}
),

scorecard as (
    select * from {{ ref('silence_scorecard') }}
),

contributions as (
    select
        candidates.score,
        candidates.profile_id,
        candidates.days_silent,
        candidates.messages_before,
        candidates.messages_after,
        candidates.orders,
        candidates.net_amount_after,
        candidates.is_matured,
        candidates.has_returned,
        candidates.segment_month,
        candidates.month_end_date,
        base.weight as base_contribution,
    {% for attribute in score_attributes() -%}
        coalesce({{ attribute }}_weights.weight, 0) as {{ attribute }}_contribution
        {{- ',' if not loop.last }}
    {% endfor %}
    from candidates
    inner join scorecard as base
        on
            candidates.score = base.score
            and candidates.segment_month = base.segment_month
            and base.attribute = 'base'
    {% for attribute in score_attributes() -%}
        left join scorecard as {{ attribute }}_weights
            on
                candidates.score = {{ attribute }}_weights.score
                and candidates.segment_month = {{ attribute }}_weights.segment_month
                and {{ attribute }}_weights.attribute = '{{ attribute }}'
                and candidates.{{ attribute }}_bin = {{ attribute }}_weights.bin
    {% endfor %}
),

added_up as (
    select
        contributions.*,
        base_contribution + {{ score_attributes() | join('_contribution + ') }}_contribution as log_odds
    from contributions
),

scored as (
    select
        added_up.*,
        {{ logistic('log_odds') }} as raw_probability
    from added_up
)

select
    score,
    profile_id,
    -- five bands, wider where fewer people are
    case
        when raw_probability < 0.02 then 1
        when raw_probability < 0.05 then 2
        when raw_probability < 0.1 then 3
        when raw_probability < 0.2 then 4
        else 5
    end as band,
    days_silent,
    messages_before,
    messages_after,
    orders,
    net_amount_after,
    base_contribution,
    opens_contribution,
    silence_contribution,
    orders_contribution,
    value_contribution,
    signs_contribution,
    log_odds,
    raw_probability,
    is_matured,
    has_returned,
    segment_month,
    month_end_date
from scored
