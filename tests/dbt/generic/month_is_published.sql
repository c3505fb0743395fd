{#
  The newest closed month is among the published ones, or nothing can be (no order before its end). Says why it is
  held back.
#}
{% test month_is_published(model) %}
    select
        checked.segment_month,
        {{ dbt.concat([
            "'The month is held back: '",
            "checked.reason",
            "'. Mend the data, or look at publication_check and run again with --accept "
            ~ newest_closed_month_text()[:7] ~ ".'",
        ]) }} as reason
    from {{ ref('publication_check') }} as checked
    left join {{ model }} as published on checked.segment_month = published.segment_month
    where published.segment_month is null
{% endtest %}
