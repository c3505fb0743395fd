{# What is measured of a person in the days after an entry, and in those before it: columns of scenario_outcomes. #}
{% macro outcome_measures() %}
    {{ return(
        ['revisited', 'purchase_days', 'orders', 'net_sales', 'margin', 'net_return', 'cost', 'unsubscribed', 'complained']
        + measures_before()
    ) }}
{% endmacro %}


{# Those in the days before: what a message cannot change, so what may be taken out of a difference and must be alike. #}
{% macro measures_before() %}
    {{ return(['log_purchase_days_before', 'net_sales_before']) }}
{% endmacro %}


{# Those that are a yes or a no of each person, as a rate counts. #}
{% macro yes_or_no_measures() %}
    {{ return(['revisited', 'unsubscribed', 'complained']) }}
{% endmacro %}


{# The measure that a column of the seed outcome_metrics names. #}
{% macro measure_named(column) -%}
    case {{ column }}
        {%- for measure in outcome_measures() %}
        when '{{ measure }}' then scenario_outcomes.{{ measure }}
        {%- endfor %}
    end
{%- endmacro %}


{# A figure of a metric as people read it: a rate in per cent, a difference of rates in points. #}
{% macro told_outcome(column, unit) -%}
    case
        when kind = 'rate' then {{ dbt.concat(['cast(cast(100 * ' ~ column ~ ' as decimal(18,1)) as string)', "'" ~ unit ~ "'"]) }}
        else cast(cast({{ column }} as decimal(18,2)) as string)
    end
{%- endmacro %}


{# Why there are no figures of a group: too few people, or one of them of whom the measure is not known, which only margins bring about. #}
{% macro unmeasured_because(people, measured_people) -%}
    case
        when {{ people }} < {{ setting('min_group_size') }} then {{ withheld_because(people) }}
        when {{ measured_people }} < {{ people }} then 'the margins of some lines are not known'
    end
{%- endmacro %}
