{# The newest closed month is among the published ones, or nothing can be (no order before its end). Returns the month held back. #}
{% test month_is_published(model) %}
    select
        checked.segment_month,
        checked.reason
    from {{ ref('publication_check') }} as checked
    left join {{ model }} as published on checked.segment_month = published.segment_month
    where published.segment_month is null
{% endtest %}
