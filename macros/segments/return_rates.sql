{# Days after a month end in which a customer may or may not come back. #}
{% macro return_horizons() %}
    {{ return([28, 91]) }}
{% endmacro %}


{# The first order date of each profile in the longest horizon after each month end; reads the CTEs months and profile_days. #}
{% macro next_orders() %}
    select
        profile_days.profile_id,
        months.segment_month,
        min(profile_days.order_date) as next_order_date
    from profile_days
    inner join months
        on
            profile_days.order_date > months.month_end_date
            and profile_days.order_date <= {{ add_days('months.month_end_date', return_horizons() | max) }}
    where profile_days.orders > 0
    group by
        profile_days.profile_id,
        months.segment_month
{% endmacro %}


{# Days up to a month end whose purchases make a customer frequent or not. #}
{% macro return_window_days() %}
    {{ return(91) }}
{% endmacro %}


{# The bands of a measure of the seed return_rate_bands, each with where the next one begins. #}
{% macro return_rate_bands(measure) %}
    select
        band,
        min_value,
        lead(min_value) over (order by min_value asc nulls last) as next_min_value
    from {{ ref('return_rate_bands') }}
    where
        measure = '{{ measure }}'
        and {{ is_of_sector('return_rate_bands', "measure = '" ~ measure ~ "'") }}
{% endmacro %}


{# True when a value lies in a band of return_rate_bands(). #}
{% macro is_in_band(value, band) -%}
    {{ value }} >= {{ band }}.min_value and ({{ band }}.next_min_value is null or {{ value }} < {{ band }}.next_min_value)
{%- endmacro %}
