{#
    What the scorecards look at. Value is learned among buyers only, so that having bought is not counted twice; an
    attribute without bins of a score says nothing in it.
#}
{% macro score_attributes() %}
    {{ return(['opens', 'silence', 'orders', 'value', 'signs']) }}
{% endmacro %}


{# Days within which a person shows a sign of life, or does not. #}
{% macro score_horizon_days() %}
    {{ return(182) }}
{% endmacro %}


{# Months before the newest that are looked at: eighteen of them have passed the horizon. #}
{% macro score_months() %}
    {{ return(24) }}
{% endmacro %}


{# An area under the curve below this is worth nothing: no score. #}
{% macro min_score_auc() %}
    {{ return(0.55) }}
{% endmacro %}


{# What the newest month whose half year has passed says of the score: its worth, and its level. #}
{% macro newest_score_quality(quality) %}
    select
        max(score_auc) as score_auc,
        max(log_odds_shift) as log_odds_shift
    from {{ quality }}
    where segment_month = (select max(segment_month) from {{ quality }})
{% endmacro %}


{# Why nobody is scored. #}
{% macro no_score_reason(score_auc) -%}
    case
        when {{ score_auc }} is null then 'not_learned'
        when {{ score_auc }} < {{ min_score_auc() }} then 'no_signal'
    end
{%- endmacro %}


{# What is told: the log odds of a scorecard at the level at which as many were foretold as came, if that is known. #}
{% macro told_likelihood(log_odds, log_odds_shift) -%}
    {{ logistic(log_odds ~ ' + coalesce(' ~ log_odds_shift ~ ', 0)') }}
{%- endmacro %}


{#
    Whether a sign of life in this month is a return, of somebody who was silent at the end of the month before: its
    kind had been recorded by then for as long as makes one dormant, so that she was silent by it, too.
#}
{% macro can_be_returned_to(observed_from_date, month) -%}
    {{ observed_from_date }} <= {{ add_months(add_days(month, -1), '-' ~ setting('tier_dormant_months')) }}
{%- endmacro %}


{# Criteria of inactivity. #}
{% macro inactivity_criteria_rows() %}
    select
        criterion,
        threshold
    from {{ ref('inactivity_criteria') }}
    where
        is_enabled
        and {{ is_of_sector('inactivity_criteria') }}
{% endmacro %}


{# The likelihood of log odds. #}
{% macro logistic(log_odds) -%}
    1.0 / (1.0 + exp(-({{ log_odds }})))
{%- endmacro %}
