{# What the scorecard looks at; value is learned among buyers only, so that having bought is not counted twice. #}
{% macro reactivation_attributes() %}
    {{ return(['opens', 'silence', 'orders', 'value']) }}
{% endmacro %}


{# Days within which a silent person shows a sign of life, or does not. #}
{% macro reactivation_horizon_days() %}
    {{ return(182) }}
{% endmacro %}


{# Months before the newest that are looked at: eighteen of them have passed the horizon. #}
{% macro reactivation_months() %}
    {{ return(24) }}
{% endmacro %}


{# An area under the curve below this is worth nothing: no score. #}
{% macro min_reactivation_auc() %}
    {{ return(0.55) }}
{% endmacro %}


{# Criteria of inactivity: the rows of the sector where it has any, else those of *, which sorts before every name. #}
{% macro inactivity_criteria_rows() %}
    select
        criterion,
        threshold
    from {{ ref('inactivity_criteria') }}
    where
        is_enabled
        and sector = (
            select max(sector)
            from {{ ref('inactivity_criteria') }}
            where sector in ('*', '{{ setting("rfm_sector") }}')
        )
{% endmacro %}


{# The likelihood of log odds. #}
{% macro logistic(log_odds) -%}
    1.0 / (1.0 + exp(-({{ log_odds }})))
{%- endmacro %}
